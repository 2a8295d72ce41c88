import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Addresses, EXTERNAL, NODE, REMOTE } from './addresses.ts';
import { run } from './command.ts';
import { Host } from './host.ts';
import type { LabSpec, PodSpec, Wiring } from './lab-spec.ts';
import { Manifests } from './manifests.ts';
import { probeProgram } from './probe-program.ts';
import { REPOSITORY } from './repository.ts';
import { carrierOf, routeToBridge, wireBridge, wireMachines, wirePod } from './wiring.ts';

/**
 * A node, its pods, a remote node with pods and a client outside: network namespaces, a scratch cgroup and a bpffs
 * of their own. A helper process removes everything when `dispose` is called, and also when this process just ends.
 */
export class Lab {
  readonly prefix: string;
  /** Everything on disk, in the mount `bpffs` among others. */
  readonly folder: string;
  readonly bpffs: string;
  readonly cgroup: string;
  readonly manifests: Manifests;
  readonly wiring: Wiring;
  readonly node: Host;
  readonly remote: Host;
  readonly external: Host;
  readonly #program: string;
  readonly #remover: ChildProcess;
  readonly #pods = new Map<string, Host>();

  private constructor(parts: {
    prefix: string;
    cgroup: string;
    wiring: Wiring;
    program: string;
    remover: ChildProcess;
  }) {
    this.prefix = parts.prefix;
    this.folder = folderOf(parts.prefix);
    this.bpffs = join(this.folder, 'bpffs');
    this.cgroup = parts.cgroup;
    this.wiring = parts.wiring;
    this.#program = parts.program;
    this.#remover = parts.remover;
    this.manifests = new Manifests(join(this.folder, 'manifests'));
    this.node = this.#host('node', NODE);
    this.remote = this.#host('remote', REMOTE);
    this.external = this.#host('external', EXTERNAL);
  }

  static async create(spec: LabSpec): Promise<Lab> {
    const prefix = `bpfsvc-${randomBytes(3).toString('hex')}`;
    const cgroup = join(await findCgroup2(), prefix);
    // First of all: from here on everything has somebody who removes it. Its own session: Ctrl-C is not for it.
    const remover = spawn(join(REPOSITORY, 'test/support/remove-lab'), [prefix, '--at-eof'], {
      stdio: ['pipe', 'inherit', 'inherit'],
      detached: true,
    });
    const program = await probeProgram(join(folderOf(prefix), 'probe'));
    const lab = new Lab({ prefix, cgroup, wiring: spec.wiring, program, remover });
    try {
      await lab.#build(spec);
    } catch (error) {
      await lab.dispose();
      throw error;
    }
    return lab;
  }

  pod(name: string): Host {
    const pod = this.#pods.get(name);
    if (pod === undefined) throw new Error(`Cannot find pod "${name}"`);
    return pod;
  }

  get pods(): readonly Host[] {
    return [...this.#pods.values()];
  }

  async addPod(spec: PodSpec): Promise<Host> {
    const pod = this.#host(`pod-${spec.name}`, spec.addresses);
    await this.#makeHosts([pod]);
    const [machine, other] = spec.place === 'node' ? [this.node, this.remote] : [this.remote, this.node];
    await wirePod({ pod, spec, machine, other, wiring: this.wiring });
    await carrierOf([pod]);
    this.#pods.set(spec.name, pod);
    return pod;
  }

  async removePod(name: string): Promise<void> {
    const pod = this.pod(name);
    this.#pods.delete(name);
    await pod.close();
    await run(['ip', 'netns', 'del', pod.netns]);
  }

  /** Packets that the node's firewall called INVALID. */
  invalidPackets(): Promise<number> {
    return readCounter(this.node, 'invalid');
  }

  /** Packets for or from a VIP that the node sent on its uplink. */
  vipPacketsOnWire(): Promise<number> {
    return readCounter(this.remote, 'vip');
  }

  /** A cgroup of the lab for a process that is none of the hosts'. */
  async makeCgroup(name: string): Promise<string> {
    const cgroup = join(this.cgroup, name);
    await mkdir(cgroup, { recursive: true });
    return cgroup;
  }

  async dispose(): Promise<void> {
    if (this.#remover.exitCode !== null) return;
    const removed = once(this.#remover, 'close');
    this.#remover.stdin?.end();
    await removed;
    const status = this.#remover.exitCode;
    if (status !== 0) throw new Error(`Cannot remove lab "${this.prefix}": remove-lab ended with ${status}`);
  }

  async #build(spec: LabSpec): Promise<void> {
    await mkdir(this.bpffs, { recursive: true });
    await run(['mount', '-t', 'bpf', 'bpf', this.bpffs]);
    await this.manifests.make();
    await this.#makeHosts([this.node, this.remote, this.external]);
    await wireMachines(this.node, this.remote, this.external);
    if (spec.wiring.kind === 'bridge') {
      await wireBridge(this.node, spec.wiring.callIptables);
      await routeToBridge(this.remote);
    }
    for (const pod of spec.pods) await this.addPod(pod);
    await carrierOf([this.node, this.remote, this.external]);
  }

  async #makeHosts(hosts: readonly Host[]): Promise<void> {
    await run(['ip', '-batch', '-'], hosts.map((host) => `netns add ${host.netns}\n`).join(''));
    for (const host of hosts) await this.makeCgroup(host.name);
  }

  #host(name: string, addresses: Addresses): Host {
    return new Host({
      name,
      netns: `${this.prefix}-${name}`,
      cgroup: join(this.cgroup, name),
      addresses,
      program: this.#program,
    });
  }
}

function folderOf(prefix: string): string {
  return join('/tmp', prefix);
}

async function findCgroup2(): Promise<string> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  const mount = mounts.find(([, , type]) => type === 'cgroup2')?.[1];
  if (mount === undefined) throw new Error('Cannot make a lab: no cgroup2 is mounted');
  return mount;
}

async function readCounter(host: Host, name: string): Promise<number> {
  const text = await host.run(['nft', 'list', 'counter', 'inet', 'lab', name]);
  const packets = /packets (\d+)/.exec(text)?.[1];
  if (packets === undefined) throw new Error(`Cannot read counter "${name}": ${text}`);
  return Number(packets);
}
