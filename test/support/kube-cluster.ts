import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { run } from './command.ts';
import { REPOSITORY } from './repository.ts';

const SCRIPT = join(REPOSITORY, 'scripts/cluster');

/** A cluster of scripts/cluster with bpfsvc in it; gone with the test, however that ends. */
export class KubeCluster implements AsyncDisposable {
  readonly #name: string;
  readonly #remover: ChildProcess;

  private constructor(name: string, remover: ChildProcess) {
    this.#name = name;
    this.#remover = remover;
  }

  /** Takes minutes: the first time on a machine it builds Kubernetes. */
  static async start(...options: readonly string[]): Promise<KubeCluster> {
    const name = `smoke-${randomBytes(3).toString('hex')}`;
    // First of all, and in its own session: it waits for the end of its stdin, which is ours.
    const remover = spawn('bash', ['-c', 'cat >/dev/null; exec "$0" down', SCRIPT], {
      stdio: ['pipe', 'inherit', 'inherit'],
      detached: true,
      env: { ...process.env, BPFSVC_CLUSTER: name },
    });
    const cluster = new KubeCluster(name, remover);
    try {
      await cluster.#script('up', ...options);
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  async kubectl(...args: readonly string[]): Promise<string> {
    return (await this.#script('kubectl', ...args)).trim();
  }

  /** A shell command in a pod of the default namespace. */
  inPod(pod: string, command: string): Promise<string> {
    return this.kubectl('exec', pod, '--', 'sh', '-c', command);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#remover.exitCode !== null) return;
    const removed = once(this.#remover, 'close');
    this.#remover.stdin?.end();
    await removed;
    const status = this.#remover.exitCode;
    if (status !== 0)
      throw new Error(`Cannot remove cluster "${this.#name}": scripts/cluster down ended with ${status}`);
  }

  #script(...args: readonly string[]): Promise<string> {
    return run(['env', `BPFSVC_CLUSTER=${this.#name}`, SCRIPT, ...args]);
  }
}
