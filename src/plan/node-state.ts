import { cidrContains, cidrFamily, hostCidr } from '../model/cidr.ts';
import { type Cidr, type Family, familyOf, type Ip, isLoopback } from '../model/ip.ts';
import type { Node } from '../model/node.ts';
import type { NodePortSelector, PlanConfig } from './config.ts';
import type { LocalDetector, NodePortAddresses, NodeState } from './state.ts';

/** What holds for the node as a whole; without its Node object it has no addresses. */
export function planNode(config: PlanConfig, node: Node | undefined): NodeState {
  const addresses = node?.addresses ?? [];
  return {
    name: config.nodeName,
    addresses,
    localDetector: {
      IPv4: planDetector(config, node, 'IPv4'),
      IPv6: planDetector(config, node, 'IPv6'),
    },
    nodePortAddresses: {
      IPv4: planNodePortAddresses(config, addresses, 'IPv4'),
      IPv6: planNodePortAddresses(config, addresses, 'IPv6'),
    },
  };
}

/** The node's first address of a family: what kube-proxy calls its node IP. */
export function primaryAddress(addresses: readonly Ip[], family: Family): Ip | undefined {
  return addresses.find((ip) => familyOf(ip) === family);
}

function planDetector(config: PlanConfig, node: Node | undefined, family: Family): LocalDetector {
  const firstOf = (cidrs: readonly Cidr[]): LocalDetector => {
    const cidr = cidrs.find((candidate) => cidrFamily(candidate) === family);
    return cidr === undefined ? undefined : { cidrs: [cidr] };
  };
  switch (config.detectLocalMode) {
    case 'ClusterCIDR':
      return firstOf(config.clusterCidrs);
    case 'NodeCIDR':
      return firstOf(node?.podCidrs ?? []);
    case 'BridgeInterface':
    case 'InterfaceNamePrefix':
      return undefined;
  }
}

function planNodePortAddresses(config: PlanConfig, addresses: readonly Ip[], family: Family): NodePortAddresses {
  const selectors = config.nodePortAddresses;
  const cidrs = selectors.flatMap((selector) => cidrsOf(selector, addresses)).filter((c) => cidrFamily(c) === family);
  // As in kube-proxy a family that no CIDR speaks of is wide open, but not because the Node is not known yet.
  const awaitsNode = selectors.includes('primary') && addresses.length === 0;
  const isOpen = (cidrs.length === 0 && !awaitsNode) || cidrs.some((cidr) => cidr.prefixLength === 0);
  // As in kube-proxy's iptables mode: never over IPv6.
  const onLoopback = config.localhostNodePorts && family === 'IPv4';
  if (isOpen) return { kind: 'all', localhost: onLoopback };
  return { kind: 'inside', cidrs, localhost: onLoopback && cidrs.some(coversLoopback) };
}

function cidrsOf(selector: NodePortSelector, addresses: readonly Ip[]): readonly Cidr[] {
  switch (selector) {
    case 'all':
      return [ALL_IPV4, ALL_IPV6];
    case 'localhost':
      return [LOOPBACK_IPV4, LOOPBACK_IPV6];
    case 'primary': {
      const primaries = [primaryAddress(addresses, 'IPv4'), primaryAddress(addresses, 'IPv6')];
      return primaries.filter((ip) => ip !== undefined).map(hostCidr);
    }
    default:
      return [selector];
  }
}

function coversLoopback(cidr: Cidr): boolean {
  return isLoopback(cidr.ip) || cidrContains(cidr, LOOPBACK_IPV4.ip);
}

const ALL_IPV4: Cidr = { ip: '0.0.0.0' as Ip, prefixLength: 0 }; // canonical as written
const ALL_IPV6: Cidr = { ip: '::' as Ip, prefixLength: 0 }; // canonical as written
const LOOPBACK_IPV4: Cidr = { ip: '127.0.0.0' as Ip, prefixLength: 8 }; // canonical as written
const LOOPBACK_IPV6: Cidr = { ip: '::1' as Ip, prefixLength: 128 }; // canonical as written
