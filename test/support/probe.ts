import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { TIME_SCALE } from './deadline.ts';
import type {
  Calls,
  Operation,
  Request,
  Response,
  Target,
  TcpOpened,
  TrafficOrder,
  TrafficReport,
} from './probe/protocol.ts';

/** How long an answer may take before it counts as silence. */
export const PATIENCE_MS = 2_000 * TIME_SCALE;

/** A target without a time-out of its own gets PATIENCE_MS. */
export type Dial = Omit<Target, 'timeoutMs'> & { readonly timeoutMs?: number };

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The parent's end of a process (probe/main.ts) that dials and serves in a network namespace. */
export class Probe {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;

  /** `command` enters the namespace and the cgroup, then runs the probe's program. */
  constructor(command: readonly string[]) {
    const [file = '', ...argv] = command;
    const child = spawn(file, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.#settle(JSON.parse(line) as Response));
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => this.#fail(error));
    child.on('close', () => this.#fail(new Error(`Cannot ask probe "${argv.join(' ')}": it ended`)));
  }

  call<K extends Operation>(operation: K, argument: Calls[K][0]): Promise<Calls[K][1]> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      // The probe answers with what its own side of the same table says.
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, operation, argument } satisfies Request)}\n`);
    });
  }

  connect(target: Dial): Promise<Calls['tcp-connect'][1]> {
    return this.call('tcp-connect', { timeoutMs: PATIENCE_MS, ...target });
  }

  /** Like connect, and the connection stays open; failing to is an Error. */
  async open(target: Dial): Promise<TcpOpened> {
    const outcome = await this.call('tcp-open', { timeoutMs: PATIENCE_MS, ...target });
    if (outcome.kind !== 'open') throw new Error(`Cannot open "${target.host}": ${JSON.stringify(outcome)}`);
    return outcome;
  }

  echo(connection: number, bytes = 100, timeoutMs = PATIENCE_MS): Promise<Calls['tcp-echo'][1]> {
    return this.call('tcp-echo', { connection, bytes, timeoutMs });
  }

  /** One datagram and its answer, from a new socket. */
  exchange(target: Dial & { readonly connected: boolean; readonly bytes?: number }): Promise<Calls['udp-exchange'][1]> {
    return this.call('udp-exchange', { timeoutMs: PATIENCE_MS, ...target });
  }

  /** Steady traffic until the returned function stops it. `perSecond` is for a real machine. */
  async traffic(kind: TrafficOrder['kind'], target: Dial, perSecond: number): Promise<() => Promise<TrafficReport>> {
    const order = { kind, target: { timeoutMs: PATIENCE_MS, ...target }, perSecond: perSecond / TIME_SCALE };
    const started = await this.call('traffic-start', order);
    return () => this.call('traffic-stop', started);
  }

  /** Serves TCP and UDP on a port, answering with `name`. */
  async serve(name: string, port: number, host?: string): Promise<void> {
    const order = { name, port, ...(host === undefined ? {} : { host }) };
    await Promise.all([this.call('tcp-serve', order), this.call('udp-serve', order)]);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }

  #settle(response: Response): void {
    const waiting = this.#waiting.get(response.id);
    this.#waiting.delete(response.id);
    if (response.ok) waiting?.resolve(response.value);
    else waiting?.reject(new Error(response.error));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
