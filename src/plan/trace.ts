import type { Ip } from '../model/ip.ts';
import type { Packet } from './packet.ts';
import type { DataplaneState } from './state.ts';

export type Verdict = 'DNAT' | 'REJECT' | 'DROP' | 'PASS';

/** What the traced node knows beside the state. */
export interface Environment {
  /** Its own addresses, loopback left out. */
  readonly addresses: readonly Ip[];
}

export interface Trace {
  readonly verdict: Verdict;
  /** Every possible choice as "ip:port" text, sorted. */
  readonly endpoints: readonly string[];
  /** The source becomes a node address: by rule, or because every choice is the source itself. */
  readonly masquerade: boolean;
  /** One sentence that names the frontend and the rule. */
  readonly why: string;
}

/** What happens to a new connection; pure, the reference for every backend. */
export function trace(state: DataplaneState, packet: Packet, environment: Environment): Trace {
  throw new Error(`Not written yet: ${state.node.name} ${packet.source} ${environment.addresses.length}`);
}
