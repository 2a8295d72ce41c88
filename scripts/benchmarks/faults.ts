import { setTimeout as pause } from 'node:timers/promises';
import { FAULT_NAMES } from './fault-protocol.ts';
import { FaultSubject } from './fault-subject.ts';
import { median, type Result } from './result.ts';

/** Agents that start at once. */
const TOGETHER = 3;
/** Node's own tidying after a start is over by then. */
const SETTLE_MS = 30_000;
const FAULT_MS = 600_000;
const SAMPLE_MS = 5_000;
/** It takes reading all maps of all agents, which should not be what is measured. */
const SAMPLES_PER_COMPARISON = 24;
/** Collections come and go: a level is the median of so many samples. */
const LEVEL = 6;
const GROWTH_MB = 10;
/** One for each reason, a few for each object; a storm has thousands. */
const LOG_LINES = 100;

/** Each fault of an API server for ten minutes, all at once: what it does to an agent that was in sync before. */
export async function benchFaults(): Promise<readonly Result[]> {
  const subjects: FaultSubject[] = [];
  try {
    for (let at = 0; at < FAULT_NAMES.length; at += TOGETHER) {
      const started = await Promise.allSettled(FAULT_NAMES.slice(at, at + TOGETHER).map(FaultSubject.start));
      for (const each of started) if (each.status === 'fulfilled') subjects.push(each.value);
      for (const each of started) if (each.status === 'rejected') throw each.reason;
    }
    await pause(SETTLE_MS);
    return resultsOf(await Promise.all(subjects.map(suffer)));
  } finally {
    await Promise.all(subjects.map((subject) => subject.dispose()));
  }
}

interface Suffered {
  readonly fault: string;
  /** MB above the level before the fault. */
  readonly growth: readonly number[];
  readonly lines: number;
  /** Answers or connections that were broken. */
  readonly answers: number;
  readonly harms: readonly string[];
}

async function suffer(subject: FaultSubject): Promise<Suffered> {
  const before = median(await sample(LEVEL, () => subject.rssMb()));
  const dataplane = subject.dataplane();
  const harms = new Set<string>();
  const compare = (harm: string): void => {
    if (subject.dataplane() !== dataplane) harms.add(harm);
  };
  await subject.break();
  const growth = await sample(FAULT_MS / SAMPLE_MS, (time) => {
    if (time % SAMPLES_PER_COMPARISON === 0) compare('the dataplane changed');
    if (!subject.isRunning) harms.add('the agent ended');
    return subject.isRunning ? subject.rssMb() - before : Number.POSITIVE_INFINITY;
  });
  const lines = subject.lines.length;
  const answers = await subject.heal();
  await subject.recovered().catch((error: Error) => harms.add(error.message));
  compare('the dataplane is not what it was');
  return { fault: subject.fault, growth, lines, answers, harms: [...harms] };
}

function resultsOf(all: readonly Suffered[]): readonly Result[] {
  const harms = all.flatMap(({ fault, harms: each }) => each.map((harm) => `${fault}: ${harm}`));
  return [
    ...all.map(({ fault, growth: runs, answers }): Result => {
      const note = `${answers} answers`;
      return { name: `growth, ${fault}`, unit: 'MB', limit: GROWTH_MB, value: median(runs.slice(-LEVEL)), runs, note };
    }),
    ...all.map(({ fault, lines }): Result => {
      return { name: `log lines, ${fault}`, unit: 'lines', limit: LOG_LINES, value: lines, runs: [lines] };
    }),
    { name: 'harms', unit: '', limit: 0, value: harms.length, runs: [harms.length], note: harms.join('; ') },
  ];
}

async function sample(times: number, ask: (time: number) => number): Promise<readonly number[]> {
  const values: number[] = [];
  for (let time = 0; time < times; time++) {
    await pause(SAMPLE_MS);
    values.push(ask(time));
  }
  return values;
}
