/** What came of a job. A problem is a failure that no test reported itself. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly problems: readonly string[];
}

/** A skip that may happen: only tests listed in test/skips.json may be skipped. */
export interface AllowedSkip {
  /** "file > full name of the test" */
  readonly id: string;
  readonly reason: string;
  /** When it is skipped, for people. */
  readonly condition: string;
}

export interface Outcome {
  /** undefined: a signal ended it. */
  readonly exitCode: number | undefined;
  readonly timedOut: boolean;
  /** vitest's JSON report; undefined: it wrote none. */
  readonly report: Report | undefined;
  readonly files: readonly string[];
}

/** The part of vitest's JSON report that counts. */
export interface Report {
  readonly testResults: readonly FileResult[];
}

interface FileResult {
  /** Path below the repository. */
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
}

/** Counts tests; whatever did not end in a result of its own is a failure. */
export function tallyOutcome(outcome: Outcome, allowed: readonly AllowedSkip[]): Tally {
  const { exitCode, timedOut, report, files } = outcome;
  const results = report?.testResults ?? [];
  const tests = results.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status }) => ({ id: `${name} > ${fullName}`, status })),
  );
  const ids = (status: string): string[] => tests.filter((test) => test.status === status).map(({ id }) => id);
  const unlisted = ids('skipped').filter((id) => !allowed.some((skip) => skip.id === id));
  const failed = ids('failed').length;
  const problems = [
    ...(timedOut ? ['It did not end before its deadline'] : []),
    ...files.filter((file) => !results.some(({ name }) => name === file)).map((file) => `"${file}" has no result`),
    ...results.filter(isBroken).map(({ name }) => `"${name}" failed outside of its tests`),
    ...tests.filter(({ status }) => !RESULTS.has(status)).map(({ id }) => `"${id}" has no result`),
    ...unlisted.map((id) => `"${id}" was skipped and is not in test/skips.json`),
  ];
  if (exitCode !== 0 && failed === 0 && problems.length === 0)
    problems.push(`It ended with status ${exitCode ?? 'none'}`);
  const skipped = ids('skipped').length - unlisted.length;
  return { passed: ids('passed').length, failed: failed + problems.length, skipped, problems };
}

export function addTallies(tallies: readonly Tally[]): Tally {
  const sum = (count: (tally: Tally) => number): number => tallies.reduce((total, tally) => total + count(tally), 0);
  return {
    passed: sum((tally) => tally.passed),
    failed: sum((tally) => tally.failed),
    skipped: sum((tally) => tally.skipped),
    problems: tallies.flatMap((tally) => tally.problems),
  };
}

const RESULTS: ReadonlySet<string> = new Set(['passed', 'failed', 'skipped']);

/** A file that failed though none of its tests did, or that has none. */
function isBroken({ status, assertionResults }: FileResult): boolean {
  const anyFailed = assertionResults.some((test) => test.status === 'failed');
  return (status === 'failed' && !anyFailed) || assertionResults.length === 0;
}
