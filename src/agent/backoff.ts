const FIRST_MS = 100;
const LONGEST_MS = 10_000;

/** Milliseconds to wait after so many failures in a row, from 1. */
export function backoffMs(failures: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
}
