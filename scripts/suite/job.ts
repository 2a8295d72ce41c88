/** Test files that run in one process group. */
export interface Job {
  /** A suite or a file. */
  readonly name: string;
  readonly suite: Suite;
  /** Paths below the repository, as vitest takes them. */
  readonly files: readonly string[];
  /** When the process group is killed. */
  readonly deadlineMs: number;
}

/** `unit` needs no kernel; a file of the others runs alone in its group, those of `api`, `cluster` and `vm` one after the other. */
export type Suite = 'unit' | 'kernel' | 'netns' | 'api' | 'cluster' | 'vm';

export interface Selection {
  /** Suites, files or parts of their paths; none: everything. */
  readonly names: readonly string[];
  readonly vm: boolean;
}

/** What there is to run of the test files given; throws for a name that selects nothing. */
export function selectJobs(files: readonly string[], selection: Selection): Job[] {
  const { names, vm } = selection;
  for (const name of names) {
    if (!files.some((file) => matches(file, name)))
      throw new Error(`Cannot run "${name}": no suite or test file is called so`);
  }
  const selected = files.filter((file) => names.length === 0 || names.some((name) => matches(file, name)));
  const unit = selected.filter((file) => suiteOf(file) === 'unit');
  const alone = selected.filter((file) => suiteOf(file) !== 'unit' && (vm || suiteOf(file) !== 'vm'));
  return [
    ...(unit.length === 0 ? [] : [jobOf('unit', 'unit', unit)]),
    ...alone.map((file) => jobOf(file, suiteOf(file), [file])),
  ];
}

export function suiteOf(file: string): Suite {
  const folder = /^test\/(kernel|netns|api|cluster|vm)\//.exec(file)?.[1];
  return folder === undefined ? 'unit' : (folder as Suite); // the pattern's alternatives
}

const MINUTE_MS = 60_000;

const DEADLINES_MS: Readonly<Record<Suite, number>> = {
  unit: 5 * MINUTE_MS,
  kernel: 5 * MINUTE_MS,
  netns: 8 * MINUTE_MS,
  api: 10 * MINUTE_MS,
  // the first time on a machine Kubernetes is built
  cluster: 60 * MINUTE_MS,
  vm: 30 * MINUTE_MS,
};

function jobOf(name: string, suite: Suite, files: readonly string[]): Job {
  return { name, suite, files, deadlineMs: DEADLINES_MS[suite] };
}

function matches(file: string, name: string): boolean {
  return name in DEADLINES_MS ? suiteOf(file) === name : file.includes(name);
}
