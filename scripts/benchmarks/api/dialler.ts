import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { joinCgroup } from '../../../test/support/host.ts';
import type { Lab } from '../../../test/support/lab.ts';
import { REPOSITORY } from '../../../test/support/repository.ts';

export interface DialOrder {
  readonly addresses: readonly string[];
  readonly port: number;
  /** Who is to answer. */
  readonly name: string;
  /** Between two connections. */
  readonly pauseUs: number;
  /** How long one connection may take. */
  readonly patienceMs: number;
  readonly deadlineMs: number;
}

/** dial.c in a pod: connects again and again until the right one answers. */
export class Dialler {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];

  private constructor(argv: readonly string[]) {
    const [file = '', ...rest] = argv;
    const child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.#waiting.shift()?.resolve(line));
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => this.#fail(error));
    child.on('close', () => this.#fail(new Error('Cannot dial: the client ended')));
  }

  /** In the pod's cgroup: its sockets pass the socket hooks. */
  static async start(lab: Lab, pod: string): Promise<Dialler> {
    const host = lab.pod(pod);
    const cgroup = await lab.makeCgroup(host.name);
    return new Dialler([...joinCgroup(cgroup), ...host.enter(), join(REPOSITORY, 'dist/benchmarks/dial')]);
  }

  /** Milliseconds of monotonicMs() when the last address was answered by whom the order names. */
  async answered(order: DialOrder): Promise<number> {
    const { name, port, pauseUs, patienceMs, deadlineMs, addresses } = order;
    const line = await new Promise<string>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.stdin?.write(`${[name, port, pauseUs, patienceMs, deadlineMs, ...addresses].join(' ')}\n`);
    });
    const [at, attempts, unanswered] = line.split(' ').map(Number);
    if (at === undefined || at === 0) {
      throw new Error(`Cannot see "${name}" answer: ${attempts} connections, nobody answered ${unanswered} of them`);
    }
    return at / 1e6;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** CLOCK_MONOTONIC, the same for all processes. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
