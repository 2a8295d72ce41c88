import type { LoweredRange } from '../lower.ts';

/** Says whether two rows of one service have the same key. */
export function rangeName({ prefixlen, addr }: LoweredRange): string {
  return `${addr}/${prefixlen}`;
}
