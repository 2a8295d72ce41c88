import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';
import type { Job } from './job.ts';
import type { Outcome, Report } from './tally.ts';

export interface Finished extends Outcome {
  /** What it printed. */
  readonly output: string;
  readonly tookMs: number;
}

/** Runs vitest on the files of a job; ends with the whole process group gone and what it left removed. */
export async function runJob(job: Job, signal: AbortSignal): Promise<Finished> {
  const started = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'bpfsvc-suite-'));
  const reportFile = join(folder, 'report.json');
  try {
    const child = spawnVitest(job, folder, reportFile);
    const ended = await waitFor(child, job.deadlineMs, signal);
    return { ...ended, report: readReport(reportFile), files: job.files, tookMs: performance.now() - started };
  } finally {
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

function spawnVitest(job: Job, folder: string, reportFile: string): ChildProcess {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  return spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...job.files], {
    // What a killed file made in its temporary folder goes with that: pins with their bpffs, links with their pins.
    env: { ...process.env, TMPDIR: folder, CI: '1', NO_COLOR: '1' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function waitFor(
  child: ChildProcess,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Pick<Finished, 'exitCode' | 'timedOut' | 'output'>> {
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child);
  }, deadlineMs);
  const abort = (): void => killGroup(child);
  signal.addEventListener('abort', abort);
  try {
    const exitCode = await new Promise<number | undefined>((resolve, reject) => {
      child.on('error', reject);
      // not 'close': a survivor may hold the pipes
      child.on('exit', (code) => resolve(code ?? undefined));
    });
    return { exitCode, timedOut, output: chunks.join('') };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    killGroup(child);
  }
}

/** Also after its leader's end: workers and agents that it forgot. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // the group is empty
  }
}

/** The latest first. A lab removes itself when its process ends, however that comes. */
function unmountBelow(folder: string): void {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.filter((path) => path.startsWith(`${folder}/`)).reverse()) {
    spawnSync('umount', ['--lazy', mount], { stdio: 'inherit' });
  }
}

function readReport(file: string): Report | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined; // it ended before it wrote one
  }
  const report = JSON.parse(text) as Report; // vitest's format
  return {
    testResults: report.testResults.map((result) => ({ ...result, name: relative(process.cwd(), result.name) })),
  };
}
