import { execFileSync } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { type Job, selectJobs } from './job.ts';
import { runJob } from './run-job.ts';
import { type AllowedSkip, addTallies, type Tally, tallyOutcome } from './tally.ts';

/** Runs the tests that are asked for and prints the sum on the last line. */
const PARALLEL = 2;
const stop = new AbortController();
setMaxListeners(PARALLEL * 2, stop.signal);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

const args = process.argv.slice(2);
const vm = !args.includes('--no-vm');
process.exitCode = await main(args.filter((arg) => arg !== '--no-vm'));

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => name.startsWith('-'));
  if (unknown !== undefined) return wrongCall(`Unknown option "${unknown}"`);
  const files = testFiles();
  let jobs: Job[];
  try {
    jobs = selectJobs(files, { names, vm });
  } catch (error) {
    return wrongCall(error instanceof Error ? error.message : String(error));
  }
  const allowed = JSON.parse(readFileSync('test/skips.json', 'utf8')) as AllowedSkip[]; // our own file
  const suites = [
    jobs.filter(({ suite }) => suite === 'unit'),
    jobs.filter(({ suite }) => suite === 'kernel' || suite === 'netns'),
    jobs.filter(({ suite }) => suite === 'api'),
    jobs.filter(({ suite }) => suite === 'cluster'),
    jobs.filter(({ suite }) => suite === 'vm'),
  ];
  const tallies: Tally[] = [];
  for (const batch of suites) {
    const suite = batch[0]?.suite;
    if (suite === 'api' && !stop.signal.aborted) buildKubernetes();
    const width = suite === 'api' || suite === 'cluster' || suite === 'vm' ? 1 : PARALLEL;
    await forEachParallel(batch, width, async (job) => {
      tallies.push(await runAndTell(job, allowed));
    });
  }
  if (!vm) console.log('NOT RUN: vm');
  const { passed, failed, skipped } = addTallies(tallies);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed > 0 || stop.signal.aborted ? 1 : 0;
}

/** Minutes on a new machine, none later: shown, and not on the account of a test's deadline. */
function buildKubernetes(): void {
  const started = performance.now();
  const programs = ['etcd', 'kube-apiserver', 'kube-controller-manager'];
  execFileSync('scripts/kube-binaries', programs, { stdio: ['ignore', 'ignore', 'inherit'] });
  console.log(`ok    ${programs.join(', ')} are built, ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

function testFiles(): string[] {
  const below = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`);
  return ['src', 'scripts', 'test']
    .flatMap(below)
    .filter((path) => path.endsWith('.test.ts'))
    .toSorted();
}

async function runAndTell(job: Job, allowed: readonly AllowedSkip[]): Promise<Tally> {
  const finished = await runJob(job, stop.signal);
  const tally = tallyOutcome(finished, allowed);
  const seconds = (finished.tookMs / 1000).toFixed(1);
  if (tally.failed > 0) console.log(finished.output);
  for (const problem of tally.problems) console.log(`${job.name}: ${problem}`);
  console.log(
    `${tally.failed > 0 ? 'FAIL ' : 'ok   '} ${job.name}: ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped, ${seconds} s`,
  );
  return tally;
}

async function forEachParallel<T>(items: readonly T[], width: number, run: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) if (!stop.signal.aborted) await run(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

function wrongCall(reason: string): number {
  console.error(
    `test: ${reason}: scripts/test [--no-vm] [unit | kernel | netns | api | cluster | vm | PART OF A PATH]...`,
  );
  return 2;
}
