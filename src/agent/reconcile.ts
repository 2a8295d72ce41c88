import type { Logger } from 'pino';
import type { Backend } from '../backend/backend.ts';
import { AbiMismatchError, CommandError, SysError, VerifierError } from '../errors.ts';
import type { Planner } from '../plan/planner.ts';
import type { StateDelta } from '../plan/state.ts';
import type { Wake } from '../wake.ts';
import { backoffMs } from './backoff.ts';
import { isEmpty, mergeDeltas, NO_DELTA } from './delta.ts';
import type { AgentObserver } from './observer.ts';
import { createRefusalLog } from './refusals.ts';

/** What others did to the kernel's state is found and repaired this often. */
const RESYNC_MS = 30_000;

/** What a backend is opened with. */
export interface Opening {
  /** Asks for a sync soon. */
  readonly requestSync: () => void;
  /** Work for the time that opening takes beside this thread: may be called once, or not at all. */
  readonly meanwhile: () => void;
  readonly signal: AbortSignal;
}

export interface ReconcileOptions {
  readonly planner: Planner;
  readonly openBackend: (opening: Opening) => Promise<Backend>;
  readonly log: Logger;
  readonly observer: AgentObserver;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly wake: Wake;
  /** Called once, when the backend first agrees with the plan. */
  readonly onStarted: () => void;
}

/** Why a sync happens: something changed, the backend asked, or it was time to compare. */
type Cause = 'change' | 'request' | 'resync';

/** The only writer: brings the backend to the planned state, again and again, until the signal aborts. */
export async function reconcile(options: ReconcileOptions): Promise<void> {
  const { planner, log, observer, now, signal, wake } = options;
  while (!planner.synced && !signal.aborted) await wake.wait(undefined);
  if (signal.aborted) return;

  let isRequested = false;
  let unsynced: StateDelta = NO_DELTA;
  await using backend = await openBackend(options, {
    requestSync() {
      isRequested = true;
      wake.notify();
    },
    meanwhile() {
      unsynced = planner.plan();
    },
  });
  if (backend === undefined) return;
  const refusals = createRefusalLog(log, now);
  let nextResync = now();
  let isInSync = false;
  let failures = 0;
  while (!signal.aborted) {
    unsynced = mergeDeltas(unsynced, planner.plan());
    const cause = causeOf(unsynced, isRequested, now() >= nextResync);
    if (cause === undefined) {
      refusals.ignored(planner.state().ignored); // no sync should wait for it
      await wake.wait(nextResync - now());
      continue;
    }
    if (cause === 'request') isRequested = false; // another may come while this one is served
    const state = planner.state();
    const started = now();
    observer.queued();
    try {
      const synced = await backend.sync(state, unsynced);
      const { refused, ...report } = synced;
      unsynced = NO_DELTA;
      observer.synced({ isFull: cause !== 'change' || !isInSync, tookMs: now() - started, report: synced });
      if (cause !== 'change' || !isInSync) nextResync = now() + RESYNC_MS;
      refusals.refused(refused);
      if (!isInSync) log.info(report, 'dataplane in sync');
      else if (failures > 0) log.info({ ...report, failures }, 'dataplane in sync again');
      else if (report.writes > 0) log.info({ cause, ...report }, 'dataplane updated');
      if (!isInSync) options.onStarted();
      isInSync = true;
      failures = 0;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      failures += 1;
      observer.failed();
      isRequested = true; // nobody knows how far it came: compare once the rest is written
      log[failures === 1 ? 'error' : 'debug'](
        { reason: error.message, failures },
        'sync failed, it will be tried again',
      );
      refusals.ignored(state.ignored);
      await pause(options, backoffMs(failures));
    }
  }
}

/** undefined: aborted while another agent held the node. */
async function openBackend(
  { openBackend: open, signal }: ReconcileOptions,
  opening: Omit<Opening, 'signal'>,
): Promise<Backend | undefined> {
  try {
    return await open({ ...opening, signal });
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function causeOf(unsynced: StateDelta, isRequested: boolean, isTime: boolean): Cause | undefined {
  if (!isEmpty(unsynced)) return 'change';
  if (isRequested) return 'request';
  return isTime ? 'resync' : undefined;
}

/** What the world refused, in contrast to a bug. */
function isRefusal(error: unknown): error is Error {
  return [SysError, VerifierError, AbiMismatchError, CommandError].some((type) => error instanceof type);
}

/** Changes meanwhile wait, too. */
async function pause({ now, signal, wake }: ReconcileOptions, ms: number): Promise<void> {
  for (const end = now() + ms; now() < end && !signal.aborted; ) await wake.wait(end - now());
}
