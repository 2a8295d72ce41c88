/** A case of the suite and what came of it. */
export interface Case {
  /** As ginkgo prints it: containers and leaf, joined by spaces. */
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
}

/** The part of ginkgo's JSON report that counts. */
export interface GinkgoReport {
  readonly SpecReports: readonly {
    readonly LeafNodeType: string;
    readonly State: string;
    readonly RunTime: number;
    readonly ContainerHierarchyTexts: readonly string[] | null;
    readonly LeafNodeText: string;
  }[];
}

const NANOSECONDS = 1e9;

/** The cases that ran, sorted by name. */
export function casesOf(reports: readonly GinkgoReport[]): readonly Case[] {
  return reports
    .flatMap(({ SpecReports }) => SpecReports)
    .filter(({ LeafNodeType, State }) => LeafNodeType === 'It' && State !== 'skipped' && State !== 'pending')
    .map(({ State, RunTime, ContainerHierarchyTexts, LeafNodeText }) => ({
      name: [...(ContainerHierarchyTexts ?? []), LeafNodeText].join(' '),
      passed: State === 'passed',
      seconds: Math.round(RunTime / NANOSECONDS),
    }))
    .toSorted(byName);
}

/** One line for each: verdict, seconds and name, as scripts/e2e prints and records them. */
export function caseLine({ name, passed, seconds }: Case): string {
  return `${passed ? 'passed' : 'failed'}\t${seconds} s\t${name}`;
}

export function parseCases(text: string): readonly Case[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [verdict, seconds = '', name] = line.split('\t');
      if (name === undefined) throw new Error(`Cannot read a line of recorded cases: "${line}"`);
      return { name, passed: verdict === 'passed', seconds: Number.parseInt(seconds, 10) };
    });
}

function byName(a: Case, b: Case): number {
  return a.name < b.name ? -1 : 1;
}
