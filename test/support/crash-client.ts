import { parsePacket } from '../../src/plan/packet.ts';
import type { DataplaneState } from '../../src/plan/state.ts';
import { trace } from '../../src/plan/trace.ts';
import { type Addresses, NODE } from './addresses.ts';
import type { Lab } from './lab.ts';
import type { Probe } from './probe.ts';
import { PORT } from './world.ts';

/** What a client met, in a word: the server's name, "silent" or the errno's name. */
export type Word = string;

/** One kind of client that dials: where it lives, and by which path its packets go. */
export interface Client {
  readonly name: string;
  readonly probe: Probe;
  readonly addresses: Addresses;
}

/** One connection that some client makes. */
export interface Dial {
  readonly client: Client;
  readonly vip: string;
  readonly protocol: 'tcp' | 'udp';
}

export function clientsOf(lab: Lab): readonly Client[] {
  const { addresses, probe, rawProbe } = lab.pod('a');
  return [
    { name: 'pod by socket', probe, addresses },
    { name: 'pod by packet', probe: rawProbe, addresses },
    { name: 'node', probe: lab.node.probe, addresses: NODE },
  ];
}

export function nameDial({ client, vip, protocol }: Dial): string {
  return `${client.name} to ${vip} ${protocol}`;
}

/** The words that a state of the plan allows; `servers` by address. */
export function allowedWords(state: DataplaneState, dial: Dial, servers: ReadonlyMap<string, string>): readonly Word[] {
  const { client, vip, protocol } = dial;
  const isIpv6 = vip.includes(':');
  const source = isIpv6 ? client.addresses.ipv6 : client.addresses.ipv4;
  const packet = parsePacket(`${source} ${isIpv6 ? `[${vip}]` : vip}:${PORT}/${protocol}`);
  if (!packet.ok) throw new Error(packet.reason);
  const { verdict, endpoints } = trace(state, packet.value, { addresses: state.node.addresses });
  switch (verdict) {
    case 'DNAT':
      return endpoints.map((endpoint) => servers.get(endpoint.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')) ?? '?');
    case 'REJECT':
      return ['ECONNREFUSED'];
    case 'DROP':
      return ['silent'];
    case 'PASS':
      return LOST;
  }
}

/** Nobody behind the node knows a VIP; routers bound how often they say so. */
const LOST: readonly Word[] = ['silent', 'EHOSTUNREACH', 'ENETUNREACH'];

/** How long to wait where silence is an answer. */
const SILENCE_MS = 250;
/** Each datagram from a port of its own: a row of an earlier flow would keep its backend. */
const PORTS = { first: 10_000, last: 29_999 };
let nextPort = PORTS.first;

/** `mayBeSilent`: silence is no surprise. */
export async function makeDial(dial: Dial, mayBeSilent: boolean): Promise<Word> {
  const { client, vip, protocol } = dial;
  const target = { host: vip, port: PORT, ...(mayBeSilent && { timeoutMs: SILENCE_MS }) };
  const outcome = await (protocol === 'tcp'
    ? client.probe.connect(target)
    : client.probe.exchange({ ...target, connected: true, localPort: takePort() }));
  switch (outcome.kind) {
    case 'answered':
      return outcome.server;
    case 'failed':
      return outcome.code;
    case 'silent':
      return 'silent';
  }
}

function takePort(): number {
  const port = nextPort;
  nextPort = port === PORTS.last ? PORTS.first : port + 1;
  return port;
}
