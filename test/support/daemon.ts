import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from './deadline.ts';

/** An API server would wait a minute for watches to end. */
const STOP_MS = 3_000;
const TAIL_LINES = 30;

/** A program of somebody else's that runs beside a test and ends with it, however that ends. */
export class Daemon implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #tail: string[] = [];

  /** `enter`: the start of the command line, where it is to run elsewhere. */
  constructor(program: string, flags: Readonly<Record<string, string>>, enter: readonly string[] = []) {
    const options = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    const [file = '', ...argv] = ['setpriv', '--pdeathsig', 'KILL', ...enter, program, ...options];
    this.#child = spawn(file, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#ended = once(this.#child, 'close');
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#tail = [...this.#tail, ...text.split('\n')].slice(-TAIL_LINES);
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('Cannot tell the pid of a program that did not start');
    return this.#child.pid;
  }

  /** Waits until it answers, or throws with its last words. */
  async ready(what: string, ask: () => Promise<boolean>, deadlineMs = 60_000): Promise<void> {
    const answers = async (): Promise<true | undefined> => {
      if (this.#child.exitCode !== null) throw new Error(`Cannot wait for ${what}: it ended`);
      return (await ask()) ? true : undefined;
    };
    await eventually(what, answers, deadlineMs).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.#tail.join('\n')}`, { cause: error });
    });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
      const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
      await this.#ended;
      clearTimeout(late);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
