import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Routes addresses to nodes, in the network namespace of the process. */
export class Routes {
  readonly #source: string;
  /** The nodes that an address is routed to, as one text. */
  readonly #hops = new Map<string, string>();

  /** `source` is the IPv4 address that clients in this namespace then use. */
  constructor(source: string) {
    this.#source = source;
  }

  /** An address that is nobody's swallows packets, as a cloud's does. */
  async swallow(cidr: string): Promise<void> {
    await execute('ip', ['route', 'replace', cidr, 'dev', 'lo', 'src', this.#source]);
  }

  async set(address: string, nodes: readonly string[]): Promise<void> {
    const hops = nodes.join(' ');
    if (this.#hops.get(address) === hops) return;
    if (nodes.length === 0) return this.remove(address);
    const source = address.includes(':') ? [] : ['src', this.#source];
    const nexthops = nodes.flatMap((node) => ['nexthop', 'via', node]);
    await execute('ip', [...family(address), 'route', 'replace', address, ...source, ...nexthops]);
    this.#hops.set(address, hops);
  }

  async remove(address: string): Promise<void> {
    if (!this.#hops.delete(address)) return;
    await execute('ip', [...family(address), 'route', 'del', address]);
  }

  /** The addresses that are routed. */
  routed(): readonly string[] {
    return [...this.#hops.keys()];
  }
}

function family(address: string): readonly string[] {
  return address.includes(':') ? ['-6'] : ['-4'];
}
