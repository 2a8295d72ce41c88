import type { Op } from '../model/op.ts';

/** Takes the ops of one change at once, before it returns. */
export type OpSink = (ops: readonly Op[]) => void;

/**
 * Tells a listing, then `sync`, then changes, until the signal aborts. Rejects with ConfigError where the listing can't
 * begin; later trouble is retried and logged.
 */
export type Source = (sink: OpSink, signal: AbortSignal) => Promise<void>;
