import { readdirSync, readFileSync } from 'node:fs';

export interface Memory {
  readonly rssMb: number;
  readonly peakRssMb: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (field: string): number => {
    const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    if (kilobytes === undefined) throw new Error(`Cannot read "${field}" of process ${pid}`);
    return Number(kilobytes) / 1024;
  };
  return { rssMb: megabytes('VmRSS'), peakRssMb: megabytes('VmHWM') };
}

/** proc(5) counts in hundredths of a second, whatever the kernel's own tick is. */
const TICK_MS = 10;

/** Processor time of all threads so far, user and system. */
export function cpuMsOf(pid: number): number {
  const [own] = ticksOf(pid);
  return own * TICK_MS;
}

/** The same with that of its children, whether they ended or still run. */
export function cpuMsWithChildren(pid: number): number {
  const [own, ended] = ticksOf(pid);
  return (own + ended) * TICK_MS + childrenOf(pid).reduce((sum, child) => sum + cpuMsOfChild(child), 0);
}

function cpuMsOfChild(pid: number): number {
  try {
    return cpuMsWithChildren(pid);
  } catch {
    return 0; // it ended this moment
  }
}

function childrenOf(pid: number): readonly number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const lists = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'));
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}

function ticksOf(pid: number): readonly [own: number, children: number] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command's name, in parentheses, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const sum = (from: number): number => Number(fields[from]) + Number(fields[from + 1]);
  return [sum(11), sum(13)];
}
