import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { type Case, caseLine, casesOf, type GinkgoReport, parseCases } from './case.ts';
import { conformanceTable, type Run } from './markdown.ts';
import { type Gap, judge } from './verdict.ts';

/**
 * main.js REPORT KUBERNETES [RUN]: prints a line for each case of a ginkgo report and how the run compares with the
 * baseline. With RUN the results are recorded under that name, beside those of other cases, and docs/conformance.md
 * is written anew. Ends with 1 if a case failed that should have passed.
 */
const BASELINE = 'kube-proxy';
const TITLES: ReadonlyMap<string, string> = new Map([
  [BASELINE, 'kube-proxy in iptables mode'],
  ['bpfsvc', 'bpfsvc'],
  ['bpfsvc-packet-path', 'bpfsvc, packet path alone'],
]);

const [reportFile = '', kubernetes = '', record] = process.argv.slice(2);
const run = casesOf(JSON.parse(readFileSync(reportFile, 'utf8')) as GinkgoReport[]); // ginkgo's own shape
const gaps = JSON.parse(readFileSync('test/e2e/gaps.json', 'utf8')) as Gap[]; // our own file
for (const each of run) console.log(caseLine(each));
if (record !== undefined) recordRun(record);

if (record === BASELINE) {
  console.log(`${run.filter(({ passed }) => passed).length} of ${run.length} passed`);
} else {
  const { passed, known, unexpected, extra } = judge(recorded(BASELINE), run, gaps);
  for (const name of unexpected) console.log(`unexpected\t${name}`);
  for (const name of extra) console.log(`more than kube-proxy\t${name}`);
  console.log(`${passed.length} passed, ${known.length} not yet, ${unexpected.length} failed unexpectedly`);
  process.exitCode = unexpected.length > 0 || run.length === 0 ? 1 : 0;
}

function recordRun(name: string): void {
  const kept = recorded(name).filter((old) => !run.some((each) => each.name === old.name));
  const cases = [...kept, ...run].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  writeFileSync(fileOf(name), `${cases.map(caseLine).join('\n')}\n`);
  const [baseline, ...others] = [...TITLES].map(([each, title]): Run => ({ title, cases: recorded(each) }));
  if (baseline !== undefined)
    writeFileSync('docs/conformance.md', conformanceTable(kubernetes, baseline, others, gaps));
}

function recorded(name: string): readonly Case[] {
  return existsSync(fileOf(name)) ? parseCases(readFileSync(fileOf(name), 'utf8')) : [];
}

function fileOf(name: string): string {
  return `test/e2e/${name}.txt`;
}
