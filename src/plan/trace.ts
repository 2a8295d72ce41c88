import { cidrContains } from '../model/cidr.ts';
import { familyOf, formatAddress } from '../model/ip.ts';
import { classifySource, type Environment, servesNodePorts } from './client.ts';
import { nameFrontend } from './frontend-name.ts';
import { formatDestination, type Packet } from './packet.ts';
import type { Client, DataplaneState, Endpoint, Frontend, ServicePort } from './state.ts';

export type Verdict = 'DNAT' | 'REJECT' | 'DROP' | 'PASS';

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
  const match = findFrontend(state, packet, environment);
  if (match === undefined) return traceUnclaimed(state, packet);
  const { frontend, servicePort } = match;
  const name = `${frontend.kind} ${nameFrontend(frontend, servicePort)} of Service "${servicePort.service}"`;
  const { sourceRanges } = frontend;
  if (sourceRanges.length > 0 && !sourceRanges.some((range) => cidrContains(range, packet.source))) {
    return refusal('DROP', `${name} has source ranges and none of them holds ${packet.source}`);
  }
  const client = classifySource(state.node, packet.source, environment);
  const action = frontend.clients[client];
  switch (action.kind) {
    case 'reject':
      return refusal('REJECT', `${name} has no usable endpoint anywhere`);
    case 'drop':
      return refusal('DROP', `${name} ${whyDropped(frontend)}`);
    case 'forward': {
      const endpoints = servicePort[action.scope];
      const isHairpin = endpoints.every((endpoint) => endpoint.ip === packet.source);
      const masquerade = action.masquerade || isHairpin;
      const balances = `balances ${CLIENT_NAMES[client]} over its ${action.scope} endpoints`;
      const why = `${name} ${balances}, ${whySource(action.masquerade, isHairpin)}`;
      return { verdict: 'DNAT', endpoints: formatEndpoints(endpoints), masquerade, why };
    }
  }
}

/** "ip:port" texts in order of their characters. */
export function formatEndpoints(endpoints: readonly Endpoint[]): readonly string[] {
  return endpoints.map(({ ip, port }) => formatAddress(ip, port)).sort();
}

interface Match {
  readonly frontend: Frontend;
  readonly servicePort: ServicePort;
}

/** A frontend with the very address goes before a NodePort. */
function findFrontend(state: DataplaneState, packet: Packet, environment: Environment): Match | undefined {
  const family = familyOf(packet.destination);
  const isNodePortAddress = servesNodePorts(state.node, packet.destination, packet.source, environment);
  let nodePort: Match | undefined;
  for (const servicePort of state.servicePorts.values()) {
    if (servicePort.protocol !== packet.protocol || servicePort.family !== family) continue;
    for (const frontend of servicePort.frontends) {
      if (frontend.port !== packet.port) continue;
      if (frontend.address === packet.destination) return { frontend, servicePort };
      if (frontend.address === undefined && isNodePortAddress) nodePort = { frontend, servicePort };
    }
  }
  return nodePort;
}

/** kube-proxy's nftables mode refuses what a ClusterIP has no port for; every other address is left alone. */
function traceUnclaimed(state: DataplaneState, packet: Packet): Trace {
  for (const { service, frontends } of state.servicePorts.values()) {
    if (!frontends.some(({ kind, address }) => kind === 'ClusterIP' && address === packet.destination)) continue;
    const port = `${packet.port}/${packet.protocol}`;
    return refusal('REJECT', `ClusterIP ${packet.destination} of Service "${service}" has no port ${port}`);
  }
  return refusal('PASS', `No frontend is ${formatDestination(packet)} for ${packet.source}: not a Service's traffic`);
}

function refusal(verdict: Verdict, why: string): Trace {
  return { verdict, endpoints: [], masquerade: false, why };
}

function whyDropped(frontend: Frontend): string {
  if (frontend.kind === 'ClusterIP') return 'has internalTrafficPolicy Local and no endpoint on this node';
  // The policy never drops what the node itself sends.
  if (frontend.clients.node.kind === 'drop') return 'has source ranges and none of them could be read';
  return 'has externalTrafficPolicy Local and no endpoint on this node';
}

function whySource(isMasqueraded: boolean, isHairpin: boolean): string {
  if (isMasqueraded) return 'from a node address';
  return isHairpin ? 'from a node address because the only choice is the source itself' : 'from its own address';
}

const CLIENT_NAMES: Readonly<Record<Client, string>> = {
  pod: 'a pod of this node',
  node: 'this node',
  other: 'a client elsewhere',
};
