import { ColumnShift, Verdict } from './generated.ts';

/** A verdict for one client class, as one aligned u64 holds it. */
export interface Column {
  /** Verdict */
  readonly verdict: number;
  /** First slot, and number of slots. */
  readonly offset: number;
  readonly size: number;
  /** ColumnFlag bits */
  readonly flags: number;
}

export const EMPTY_COLUMN: Column = { verdict: Verdict.NONE, offset: 0, size: 0, flags: 0 };

export function packColumn(column: Column): bigint {
  const low = BigInt(column.offset);
  const high = (column.size | (column.verdict << VERDICT) | (column.flags << FLAGS)) >>> 0;
  return (BigInt(high) << 32n) | low;
}

export function unpackColumn(packed: bigint): Column {
  const high = Number(packed >> 32n);
  return {
    verdict: (high >>> VERDICT) & 3,
    offset: Number(packed & 0xffffffffn),
    size: high & SIZE_MASK,
    flags: high >>> FLAGS,
  };
}

// places within the upper half
const VERDICT = ColumnShift.VERDICT_SHIFT - ColumnShift.SIZE_SHIFT;
const FLAGS = ColumnShift.FLAGS_SHIFT - ColumnShift.SIZE_SHIFT;
const SIZE_MASK = 2 ** VERDICT - 1;
