import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CLUSTER_CIDRS, NODE_NAME } from './addresses.ts';
import { run } from './command.ts';
import { eventually } from './deadline.ts';
import { joinCgroup } from './host.ts';
import type { Lab } from './lab.ts';
import { REPOSITORY } from './repository.ts';

const PROGRAM = join(REPOSITORY, 'bin/bpfsvc');
const SYNC_DEADLINE_MS = 20_000;
/** SIGTERM's contract. */
const STOP_DEADLINE_MS = 5_000;

/** A line of the agent's log; further fields as the message has them. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface AgentOptions {
  /** Default: where the lab's pods are. */
  readonly clusterCidrs?: readonly string[];
  /** Default: a folder of the lab's bpffs. */
  readonly bpffs?: string;
  /** Default: the lab's manifests. */
  readonly source?: readonly string[];
  /** Flags after those that every lab needs. */
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: this repository's. */
  readonly program?: readonly string[];
}

/** `bpfsvc run` on a lab's node: in its network namespace and a cgroup of its own, with the lab's bpffs. */
export class Agent {
  readonly lines: LogLine[] = [];
  /** What is not JSON on stderr: refusals and stack traces. */
  readonly complaints: string[] = [];
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#closed = once(child, 'close');
    if (child.stderr === null) throw new Error('Cannot read the log of the agent');
    createInterface({ input: child.stderr }).on('line', (line) => this.#read(line));
  }

  /** Starts the agent, without a wait for anything. */
  static async launch(lab: Lab, options: AgentOptions = {}): Promise<Agent> {
    const { clusterCidrs = CLUSTER_CIDRS, bpffs = pinFolder(lab), program = [PROGRAM] } = options;
    const cgroup = await lab.makeCgroup('agent');
    const [file = '', ...argv] = [
      ...joinCgroup(cgroup),
      ...lab.node.enter(),
      ...program,
      ...['run', '--backend', 'bpf', ...(options.source ?? ['--manifests', lab.manifests.folder])],
      ...['--bpffs', bpffs, '--cgroup', lab.cgroup],
      ...['--hostname-override', NODE_NAME],
      ...(clusterCidrs.length === 0 ? [] : ['--cluster-cidr', clusterCidrs.join(',')]),
      ...(options.flags ?? []),
    ];
    const child = spawn(file, argv, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...options.environment },
    });
    return new Agent(child);
  }

  /** Starts the agent and waits until the kernel agrees with the manifests. */
  static async start(lab: Lab, options: AgentOptions = {}): Promise<Agent> {
    const agent = await Agent.launch(lab, options);
    await agent.logged('dataplane in sync');
    return agent;
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('Cannot tell the pid of an agent that did not start');
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits for the first line with this message. */
  logged(message: string, deadlineMs = SYNC_DEADLINE_MS): Promise<LogLine> {
    const ask = () => {
      const line = this.lines.find(({ msg }) => msg === message);
      if (line === undefined && this.#child.exitCode !== null) {
        throw new Error(`Cannot wait for "${message}": the agent ended\n${this.#tail()}`);
      }
      return line;
    };
    return eventually(`log line "${message}"`, ask, deadlineMs).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.#tail()}`, { cause: error });
    });
  }

  /** No last word: as a crash or the OOM killer. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  /** SIGTERM; gives the exit status, the time limit kept. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.ended(STOP_DEADLINE_MS);
  }

  /** Waits for the end; undefined states are a failure. */
  async ended(deadlineMs = SYNC_DEADLINE_MS): Promise<number | null> {
    await eventually('the end of the agent', () => this.#child.exitCode ?? undefined, deadlineMs);
    await this.#closed;
    return this.#child.exitCode;
  }

  #read(line: string): void {
    if (line.startsWith('{')) this.lines.push(JSON.parse(line) as LogLine);
    else this.complaints.push(line);
  }

  #tail(): string {
    return [...this.complaints, ...this.lines.map((line) => JSON.stringify(line))].slice(-20).join('\n');
  }
}

/** Runs another command of the program on the lab's node and gives its stdout. */
export function bpfsvc(lab: Lab, command: readonly string[]): Promise<string> {
  return run([...lab.node.enter(), PROGRAM, ...command]);
}

/** `bpfsvc cleanup` on the lab's node. */
export function cleanup(lab: Lab, bpffs = pinFolder(lab)): Promise<string> {
  return bpfsvc(lab, ['cleanup', '--bpffs', bpffs]);
}

/** Where the agent pins, unless told otherwise. */
export function pinFolder(lab: Lab): string {
  return join(lab.bpffs, 'bpfsvc');
}
