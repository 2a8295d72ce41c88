import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from './dialler.ts';
import { type ApiWorld, type Marker, otherThan, SERVICE_PORT } from './world.ts';

const PATIENCE_MS = 20;
/** How exact it is; without a pause the one who asks would take a processor from all that have to act. */
const PAUSE_US = 200;
const DEADLINE_MS = 300_000;

export interface Change {
  /** From the request to the API server to the first answer from the new place. */
  readonly answeredMs: number;
  /** Until the server said that it is written. */
  readonly writtenMs: number;
}

/** Moves the markers in turn, one after the other, while a pod dials the one that moves without a pause. */
export async function measureChanges(
  world: ApiWorld,
  of: { readonly count: number; readonly pauseMs: number },
): Promise<readonly Change[]> {
  const away = new Set<Marker>();
  const changes: Change[] = [];
  while (changes.length < of.count || away.size > 0) {
    const marker = world.markers[changes.length % world.markers.length];
    if (marker === undefined) throw new Error('Cannot move a marker: there is none');
    const isAway = away.delete(marker);
    if (!isAway) away.add(marker);
    const to = isAway ? world.home : otherThan(world.home);
    await pause(of.pauseMs);
    const answered = world.dialler.answered({
      addresses: [marker.clusterIp],
      port: SERVICE_PORT,
      name: to,
      pauseUs: PAUSE_US,
      patienceMs: PATIENCE_MS,
      deadlineMs: DEADLINE_MS,
    });
    const started = monotonicMs();
    const written = world.move(marker, to).then(monotonicMs);
    const [answeredAt, writtenAt] = await Promise.all([answered, written]);
    changes.push({ answeredMs: answeredAt - started, writtenMs: writtenAt - started });
  }
  return changes;
}
