import { cidrContains } from '../model/cidr.ts';
import { familyOf, type Ip, isLoopback } from '../model/ip.ts';
import type { Client, NodeState } from './state.ts';

/** What a traced node knows beside the state. */
export interface Environment {
  /** Its own addresses, loopback left out. */
  readonly addresses: readonly Ip[];
}

/** Which column of the decision table a source belongs to; the local detector is asked first, as in kube-proxy. */
export function classifySource(node: NodeState, source: Ip, environment: Environment): Client {
  const detector = node.localDetector[familyOf(source)];
  if (detector?.cidrs.some((cidr) => cidrContains(cidr, source))) return 'pod';
  return isNodes(source, environment) ? 'node' : 'other';
}

/** Whether NodePorts are served on an address for a source; loopback only for the node itself. */
export function servesNodePorts(node: NodeState, destination: Ip, from: Ip, environment: Environment): boolean {
  const served = node.nodePortAddresses[familyOf(destination)];
  if (served.kind === 'inside' && !served.cidrs.some((cidr) => cidrContains(cidr, destination))) return false;
  if (isLoopback(destination)) return served.localhost && isNodes(from, environment);
  return environment.addresses.includes(destination);
}

function isNodes(ip: Ip, environment: Environment): boolean {
  return isLoopback(ip) || environment.addresses.includes(ip);
}
