import type { Case } from './case.ts';

/** Why cases whose name holds `match` do not pass yet. */
export interface Gap {
  readonly match: string;
  readonly missing: string;
}

/** A run held against what a real kube-proxy passes on the same machine. */
export interface Verdict {
  /** Cases of the baseline that passed. */
  readonly passed: readonly string[];
  /** Cases of the baseline that failed, with the piece that is missing. */
  readonly known: readonly { readonly name: string; readonly missing: string }[];
  /** Cases of the baseline that failed and should not have. */
  readonly unexpected: readonly string[];
  /** Cases that only this run passes. */
  readonly extra: readonly string[];
}

export function judge(baseline: readonly Case[], run: readonly Case[], gaps: readonly Gap[]): Verdict {
  const expected = baseline.filter(({ passed }) => passed).map(({ name }) => name);
  const passedNow = run.filter(({ passed }) => passed).map(({ name }) => name);
  const ran = new Set(run.map(({ name }) => name));
  const failed = expected.filter((name) => ran.has(name) && !passedNow.includes(name));
  const known = failed.flatMap((name) => {
    const gap = gaps.find(({ match }) => name.includes(match));
    return gap === undefined ? [] : [{ name, missing: gap.missing }];
  });
  return {
    passed: expected.filter((name) => passedNow.includes(name)),
    known,
    unexpected: failed.filter((name) => !known.some((each) => each.name === name)),
    extra: passedNow.filter((name) => !expected.includes(name)),
  };
}
