import { SERVICES } from '../cluster-objects.ts';
import type { Result } from '../result.ts';
import { measureBareReads } from './bare-reads.ts';
import { measureChanges } from './changes.ts';
import { startChurn } from './churn.ts';
import { bpfsvcOf, type Contestant, kubeProxyOf } from './contestants.ts';
import { type Restart, restartOnce } from './restart.ts';
import { changeResults, type Measured, restartResults, startResults } from './results.ts';
import { startOnce } from './start.ts';
import { ApiWorld } from './world.ts';

const FEW_SERVICES = 10;
const BARE_READS = 3;

/** How much is measured of a contestant; it is left running for all but the starts. */
interface Plan {
  readonly starts: number;
  readonly restarts: number;
  readonly changes: number;
  /** Between two changes without churn. */
  readonly pauseMs: number;
}

const OURS: Plan = { starts: 5, restarts: 3, changes: 200, pauseMs: 20 };
/** Slow, and at its best where a second lies between two changes: by default it syncs no more often. */
const THEIRS: Plan = { starts: 1, restarts: 1, changes: 20, pauseMs: 1_200 };
const CHURN_PAUSE_MS = 20;

/** bpfsvc and a real kube-proxy on one real API server: starts, restarts, and changes with few and with many Services. */
export async function benchApi(): Promise<readonly Result[]> {
  await using world = await ApiWorld.create();
  const [ours, theirs] = [bpfsvcOf(world), kubeProxyOf(world)];
  const few = { starts: 1, restarts: 0 };
  await world.seed(FEW_SERVICES);
  const [oursFew, theirsFew] = [
    await measure(world, ours, { ...OURS, ...few }),
    await measure(world, theirs, { ...THEIRS, ...few }),
  ];
  await world.seed(SERVICES);
  const reads = await measureBareReads(world, BARE_READS);
  const [oursMany, theirsMany] = [await measure(world, ours, OURS), await measure(world, theirs, THEIRS)];
  return [
    ...startResults(oursMany, theirsMany, reads),
    ...restartResults(oursMany, theirsMany),
    ...changeResults(FEW_SERVICES, oursFew, theirsFew),
    ...changeResults(SERVICES, oursMany, theirsMany),
  ];
}

async function measure(world: ApiWorld, contestant: Contestant, plan: Plan): Promise<Measured> {
  const since = performance.now();
  const starts = [];
  for (let each = 1; each < plan.starts; each++) {
    const { start, running } = await startOnce(world, contestant);
    await running.stop();
    await contestant.forget();
    starts.push(start);
  }
  const last = await startOnce(world, contestant);
  starts.push(last.start);
  let { running } = last;
  try {
    const restarts: Restart[] = [];
    for (let each = 0; each < plan.restarts; each++) {
      const again = await restartOnce(world, contestant, running);
      running = again.running;
      restarts.push(again.restart);
    }
    const { changes: count, pauseMs } = plan;
    const idle = await measureChanges(world, { count, pauseMs });
    const endChurn = startChurn(world);
    const churn = await measureChanges(world, { count, pauseMs: CHURN_PAUSE_MS }).finally(endChurn);
    const took = Math.round((performance.now() - since) / 1000);
    console.error(`bench: api: ${contestant.name} with ${world.seeded} Services took ${took} s`);
    return { starts, restarts, idle, churn };
  } finally {
    await running.stop();
    await contestant.forget();
  }
}
