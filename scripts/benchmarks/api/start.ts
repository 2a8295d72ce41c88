import { setTimeout as pause } from 'node:timers/promises';
import { cpuMsWithChildren, type Memory, memoryOf } from '../process-usage.ts';
import type { Contestant, Launched } from './contestants.ts';
import { monotonicMs } from './dialler.ts';
import { type ApiWorld, SERVICE_PORT } from './world.ts';

/** A peer's full sync of ten thousand Services takes most of a minute, on a busy machine several. */
const DEADLINE_MS = 300_000;
/** A node of the lab that serves nothing yet swallows connections: a new one is tried soon. */
const PATIENCE_MS = 5;
const PAUSE_US = 1_000;
/** A peak may come after the first answer. */
const SETTLE_MS = 3_000;

export interface Start extends Memory {
  /** From the start of the process until every marker was answered. */
  readonly seconds: number;
  /** Until then, of all threads and of its children. */
  readonly cpuSeconds: number;
}

/** Starts it and looks from a pod until each marker is answered by the pod that it has now. */
export async function startOnce(
  world: ApiWorld,
  contestant: Contestant,
): Promise<{ readonly start: Start; readonly running: Launched }> {
  const answered = world.dialler.answered({
    addresses: world.markers.map(({ clusterIp }) => clusterIp),
    port: SERVICE_PORT,
    name: world.home,
    pauseUs: PAUSE_US,
    patienceMs: PATIENCE_MS,
    deadlineMs: DEADLINE_MS,
  });
  const started = monotonicMs();
  const running = await contestant.launch();
  try {
    const seconds = ((await answered) - started) / 1000;
    const cpuSeconds = cpuMsWithChildren(running.pid) / 1000;
    await pause(SETTLE_MS);
    return { start: { seconds, cpuSeconds, ...memoryOf(running.pid) }, running };
  } catch (error) {
    await running.stop();
    throw error;
  }
}
