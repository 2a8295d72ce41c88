import type { Addresses } from './addresses.ts';
import { run } from './command.ts';
import { Probe } from './probe.ts';

/** Where a host's processes live and how the probe is started. */
export interface HostPlace {
  readonly name: string;
  readonly netns: string;
  /** The cgroup of this host's processes, below the lab's. */
  readonly cgroup: string;
  readonly addresses: Addresses;
  /** Path of the probe's program. */
  readonly program: string;
}

/** A network namespace that stands for a machine or a pod. */
export class Host {
  readonly name: string;
  readonly netns: string;
  readonly addresses: Addresses;
  readonly #place: HostPlace;
  #probe: Probe | undefined;
  #rawProbe: Probe | undefined;

  constructor(place: HostPlace) {
    this.name = place.name;
    this.netns = place.netns;
    this.addresses = place.addresses;
    this.#place = place;
  }

  /** In the host's cgroup: its sockets pass the socket hooks. */
  get probe(): Probe {
    this.#probe ??= new Probe([
      ...joinCgroup(this.#place.cgroup),
      ...this.enter(),
      process.execPath,
      this.#place.program,
    ]);
    return this.#probe;
  }

  /** In our own cgroup: no socket hook sees it, as a sidecar's, a VM's or a raw socket's packets. */
  get rawProbe(): Probe {
    this.#rawProbe ??= new Probe([...this.enter(), process.execPath, this.#place.program]);
    return this.#rawProbe;
  }

  /** The start of a command line that runs the rest in this namespace. */
  enter(): readonly string[] {
    // Not "ip netns exec": that mounts a new /sys, without bpffs and cgroups.
    return ['nsenter', `--net=/run/netns/${this.netns}`];
  }

  run(argv: readonly string[], input?: string): Promise<string> {
    return run([...this.enter(), ...argv], input);
  }

  /** Lines of ip(8), in one process. */
  async ip(lines: readonly string[]): Promise<void> {
    await run(['ip', '-netns', this.netns, '-batch', '-'], `${lines.join('\n')}\n`);
  }

  async close(): Promise<void> {
    await Promise.all([this.#probe?.close(), this.#rawProbe?.close()]);
    this.#probe = undefined;
    this.#rawProbe = undefined;
  }
}

/** The start of a command line that runs the rest in a cgroup. */
export function joinCgroup(cgroup: string): readonly string[] {
  return ['sh', '-c', 'echo $$ >"$0/cgroup.procs" && exec "$@"', cgroup];
}
