/** What one figure of a benchmark came to. */
export interface Result {
  readonly name: string;
  readonly unit: string;
  /** Median of the runs, or what `statistic` says. */
  readonly value: number;
  /** In the order they were measured. */
  readonly runs: readonly number[];
  /** What it is to stay below; the figure is missed above it. */
  readonly limit?: number;
  /** Measured in the same run, in the same unit. */
  readonly peer?: { readonly name: string; readonly value: number };
  /** value / peer.value */
  readonly ratio?: number;
  /** Conditions that a reader has to know. */
  readonly note?: string;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The smallest value that `share` of all do not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new Error('Cannot tell a quantile of nothing');
  return value;
}

/** Medians of both, compared. */
export function besidePeer(
  result: Omit<Result, 'value' | 'peer' | 'ratio'>,
  peer: { readonly name: string; readonly runs: readonly number[] },
): Result {
  const value = median(result.runs);
  const base = median(peer.runs);
  return { ...result, value, peer: { name: peer.name, value: base }, ratio: value / base };
}
