import type { Contestant, Launched } from './contestants.ts';
import { type Start, startOnce } from './start.ts';
import { type ApiWorld, otherThan, SERVICE_PORT } from './world.ts';

const CONNECTIONS_PER_SECOND = 200;

export interface Restart extends Start {
  /** New connections to a Service that did not change, from before the end of the old process on. */
  readonly answered: number;
  readonly failed: number;
}

/**
 * Ends it, moves the markers meanwhile, and starts it anew over what stands in the kernel: it is back when the markers
 * are answered from where they are now. New connections to another Service run through all of it.
 */
export async function restartOnce(
  world: ApiWorld,
  contestant: Contestant,
  former: Launched,
): Promise<{ readonly restart: Restart; readonly running: Launched }> {
  const target = { host: world.steady.clusterIp, port: SERVICE_PORT };
  const endTraffic = await world.lab.pod('a').probe.traffic('new-tcp', target, CONNECTIONS_PER_SECOND);
  await former.stop();
  world.home = otherThan(world.home);
  for (const marker of world.markers) await world.move(marker, world.home);
  const { start, running } = await startOnce(world, contestant);
  const { answered, failures } = await endTraffic();
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  return { restart: { ...start, answered, failed }, running };
}
