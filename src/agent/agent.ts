import type { Logger } from 'pino';
import type { Backend } from '../backend/backend.ts';
import type { Planner } from '../plan/planner.ts';
import type { Source } from '../source/source.ts';
import { createWake, type SetTimer } from '../wake.ts';
import type { AgentObserver } from './observer.ts';
import { type Opening, reconcile } from './reconcile.ts';

export interface AgentOptions {
  readonly source: Source;
  readonly planner: Planner;
  /** Takes the node; asked for once there is a state to apply. */
  readonly openBackend: (opening: Opening) => Promise<Backend>;
  readonly log: Logger;
  readonly observer: AgentObserver;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly setTimer: SetTimer;
  /** Called once, when the source begins to tell: what a backend is made of can be read while the rest is on its way. */
  readonly onTold: () => void;
  /** Called once, when the backend first agrees with the plan. */
  readonly onStarted: () => void;
  /** Ends the agent; the dataplane stays. */
  readonly signal: AbortSignal;
}

/** Watches, plans and syncs until the signal aborts. Rejects where source or backend can't begin. */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { source, planner, observer } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const wake = createWake(signal, options.setTimer);
  let isTold = false;
  const following = source((ops) => {
    if (!isTold) options.onTold();
    isTold = true;
    for (const op of ops) planner.apply(op);
    observer.received(ops);
    if (planner.synced) wake.notify();
  }, signal);
  const reconciling = reconcile({ ...options, signal, wake });
  try {
    await Promise.all([following, reconciling]);
  } finally {
    stop.abort();
    await Promise.allSettled([following, reconciling]);
  }
}
