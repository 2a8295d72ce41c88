import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { type Case, caseLine, casesOf, type GinkgoReport, parseCases } from './case.ts';
import { conformanceTable, type TitledRun } from './markdown.ts';
import { type Gap, judge } from './verdict.ts';

/**
 * main.js REPORT KUBERNETES RUN [--record]: prints a line for each case of a ginkgo report and how the run compares with
 * the baseline. --record keeps the results under the run's name, beside those of other cases, and writes
 * docs/conformance.md anew. Ends with 1 if a case failed that should have passed.
 */
const BASELINE = 'kube-proxy';
const TITLES: ReadonlyMap<string, string> = new Map([
  ['bpfsvc', 'bpfsvc'],
  ['bpfsvc-packet-path', 'bpfsvc, packet path alone'],
]);

const [reportFile = '', kubernetes = '', runName = '', mode] = process.argv.slice(2);
const cases = casesOf(JSON.parse(readFileSync(reportFile, 'utf8')) as GinkgoReport[]); // ginkgo's own shape
const gaps = JSON.parse(readFileSync('test/e2e/gaps.json', 'utf8')) as Gap[]; // our own file
for (const each of cases) console.log(caseLine(each));
if (mode === '--record') record();
if (runName === BASELINE) tellBaseline();
else compare();

function compare(): void {
  const { passed, known, unexpected, extra } = judge(recorded(BASELINE), { name: runName, cases }, gaps);
  for (const name of unexpected) console.log(`unexpected\t${name}`);
  for (const name of extra) console.log(`more than kube-proxy\t${name}`);
  console.log(`${passed.length} passed, ${known.length} not yet, ${unexpected.length} failed unexpectedly`);
  process.exitCode = unexpected.length > 0 || cases.length === 0 ? 1 : 0;
}

function tellBaseline(): void {
  const passed = cases.filter((each) => each.passed).length;
  console.log(`${passed} of ${cases.length} passed`);
  process.exitCode = passed < cases.length || cases.length === 0 ? 1 : 0;
}

function record(): void {
  const kept = recorded(runName).filter((old) => !cases.some((each) => each.name === old.name));
  const all = [...kept, ...cases].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  writeFileSync(fileOf(runName), `${all.map(caseLine).join('\n')}\n`);
  const baseline = { name: BASELINE, title: 'kube-proxy in iptables mode', cases: recorded(BASELINE) };
  const runs = [...TITLES].map(([name, title]): TitledRun => ({ name, title, cases: recorded(name) }));
  writeFileSync('docs/conformance.md', conformanceTable({ kubernetes, baseline, runs, gaps }));
}

function recorded(name: string): readonly Case[] {
  return existsSync(fileOf(name)) ? parseCases(readFileSync(fileOf(name), 'utf8')) : [];
}

function fileOf(name: string): string {
  return `test/e2e/${name}.txt`;
}
