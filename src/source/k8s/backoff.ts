import type { Limits } from './limits.ts';

/** A server that asks for more time gets it, within reason. */
const LONGEST_ASKED_MS = 60_000;

export interface Failed {
  /** In a row, from 1. */
  readonly failures: number;
  /** Of Retry-After. */
  readonly askedMs: number;
}

/** Milliseconds until the next attempt; `random` from 0 to 1 spreads the nodes of a cluster. */
export function backoffMs({ failures, askedMs }: Failed, limits: Limits, random: number): number {
  const whole = Math.min(limits.longestRetryMs, limits.retryMs * 2 ** Math.min(failures - 1, 10));
  return Math.max(whole * (0.5 + random / 2), Math.min(askedMs, LONGEST_ASKED_MS) * (1 + random / 4));
}
