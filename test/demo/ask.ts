import { plainAddress } from '../support/probe/protocol.ts';
import type { Probe } from '../support/probe.ts';
import { PORT } from './stage.ts';

export type Asking = 'tcp' | 'udp';

/** Who answered how often, or by which name attempts failed: "web-1 11, web-2 9". */
export interface Tally {
  readonly text: string;
  readonly counts: ReadonlyMap<string, number>;
}

/** Dials a VIP many times at once. */
export async function ask(probe: Probe, asking: Asking, host: string, times: number): Promise<Tally> {
  const target = { host, port: PORT };
  const one = () => (asking === 'tcp' ? probe.connect(target) : probe.exchange({ ...target, connected: false }));
  const outcomes = await Promise.all(Array.from({ length: times }, one));
  const counts = new Map<string, number>();
  for (const outcome of outcomes) {
    const name = outcome.kind === 'answered' ? outcome.server : outcome.kind === 'failed' ? outcome.code : 'silent';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const sorted = new Map([...counts].sort(([left], [right]) => left.localeCompare(right)));
  return { text: [...sorted].map(([name, count]) => `${name} ${count}`).join(', '), counts: sorted };
}

export function isOnly(tally: Tally, ...names: readonly string[]): boolean {
  return [...tally.counts.keys()].join() === [...names].sort().join();
}

/** How a person writes it. */
export function dialled(host: string): string {
  return plainAddress(host).includes(':') ? `[${host}]:${PORT}` : `${host}:${PORT}`;
}
