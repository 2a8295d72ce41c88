/** Why a list or watch did not work. */
export interface Trouble {
  readonly reason: string;
  readonly retryAfterMs: number;
  /** What the next attempt should do otherwise. */
  readonly remedy: Remedy | undefined;
  /** It took much memory, which is free again. */
  readonly isWasteful: boolean;
  /** Only a person can end it: missing rights, unknown credentials. */
  readonly isPermanent: boolean;
}

/** Ask for JSON alone from now on; list by pages from now on, or the next time. */
export type Remedy = 'json' | 'pages' | 'pages next';

export function trouble(reason: string, more: Partial<Omit<Trouble, 'reason'>> = {}): Trouble {
  return { reason, retryAfterMs: 0, remedy: undefined, isWasteful: false, isPermanent: false, ...more };
}
