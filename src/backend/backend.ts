import type { DataplaneState, StateDelta } from '../plan/state.ts';
import type { Support } from '../sys/probe.ts';

/** Something that turns the planned state into a working dataplane. */
export interface Backend extends AsyncDisposable {
  readonly name: string;
  /** Can this machine run it? */
  probe(): Promise<Support>;
  /**
   * Brings the dataplane from what it is to `state`. `delta` says what changed since the last call; an
   * empty one asks to compare with the kernel and repair, which may end in a request for another such
   * sync. Rejects with SysError: the caller tries again.
   */
  sync(state: DataplaneState, delta: StateDelta): Promise<SyncReport>;
  /** Removes every trace. */
  cleanup(): Promise<void>;
  /** Lets go and leaves the dataplane working. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What one sync did. */
export interface SyncReport {
  /** Kernel writes, a batch counted by its rows; 0: nothing had to change. */
  readonly writes: number;
  /** In force after the sync. */
  readonly frontends: number;
  readonly backends: number;
  /** Services that do not fit: all of them, not only this sync's. */
  readonly refused: readonly Refusal[];
  readonly tookMs: number;
}

/** A Service that is not programmed as planned; whatever it had before stays in force. */
export interface Refusal {
  /** "namespace/name" */
  readonly service: string;
  readonly reason: string;
}
