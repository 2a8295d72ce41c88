import type { Case } from './case.ts';

/** Why cases whose name holds `match` do not pass yet. */
export interface Gap {
  readonly match: string;
  /** Only in the run of this name. */
  readonly run?: string;
  readonly missing: string;
}

/** A run of the suite: its name and what came of its cases. */
export interface Run {
  readonly name: string;
  readonly cases: readonly Case[];
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

export function judge(baseline: readonly Case[], run: Run, gaps: readonly Gap[]): Verdict {
  const expected = baseline.filter(({ passed }) => passed).map(({ name }) => name);
  const passedNow = run.cases.filter(({ passed }) => passed).map(({ name }) => name);
  const ran = new Set(run.cases.map(({ name }) => name));
  const failed = expected.filter((name) => ran.has(name) && !passedNow.includes(name));
  const known = failed.flatMap((name) => {
    const missing = missingPiece(name, run.name, gaps);
    return missing === undefined ? [] : [{ name, missing }];
  });
  return {
    passed: expected.filter((name) => passedNow.includes(name)),
    known,
    unexpected: failed.filter((name) => !known.some((each) => each.name === name)),
    extra: passedNow.filter((name) => !expected.includes(name)),
  };
}

/** What a case lacks in a run, if that is known. */
export function missingPiece(name: string, run: string, gaps: readonly Gap[]): string | undefined {
  return gaps.find((gap) => name.includes(gap.match) && (gap.run === undefined || gap.run === run))?.missing;
}
