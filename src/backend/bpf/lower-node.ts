import { VipFlag } from '../../abi/generated.ts';
import { cidrContains } from '../../model/cidr.ts';
import { type Cidr, type Family, familyOf, type Ip, isLoopback } from '../../model/ip.ts';
import type { NodePortAddresses, NodeState } from '../../plan/state.ts';
import { UNSPECIFIED } from './lower.ts';
import type { ConfigRow } from './write.ts';

/** What the node's network says, beside the plan. */
export interface Environment {
  /** Of all devices of the node, loopback too. */
  readonly deviceAddresses: readonly Ip[];
}

export function lowerConfig(node: NodeState, { deviceAddresses }: Environment): ConfigRow {
  const detectors = FAMILIES.map((family) => node.localDetector[family]).filter((detector) => detector !== undefined);
  return {
    localCidrs: detectors.flatMap(({ cidrs }) => cidrs).slice(0, MOST_LOCAL_CIDRS),
    nodeAddrV4: nodeAddress('IPv4', node, deviceAddresses),
    nodeAddrV6: nodeAddress('IPv6', node, deviceAddresses),
    hasDetector: detectors.length > 0,
  };
}

/** VipFlag bits of the node's own addresses. */
export function lowerNodeVips(node: NodeState, { deviceAddresses }: Environment): ReadonlyMap<Ip, number> {
  const vips = new Map<Ip, number>();
  for (const ip of deviceAddresses) {
    if (isLoopback(ip)) continue;
    vips.set(ip, VipFlag.NODE_IP | (servesNodePorts(ip, node.nodePortAddresses[familyOf(ip)]) ? VipFlag.NODE : 0));
  }
  if (node.nodePortAddresses.IPv4.localhost) vips.set(LOCALHOST, VipFlag.NODE | VipFlag.LOOPBACK);
  return vips;
}

function servesNodePorts(ip: Ip, addresses: NodePortAddresses): boolean {
  return addresses.kind === 'all' || addresses.cidrs.some((cidr: Cidr) => cidrContains(cidr, ip));
}

/** The Node's first address that is really here; without one any that others can reach. */
function nodeAddress(family: Family, node: NodeState, deviceAddresses: readonly Ip[]): Ip {
  const own = deviceAddresses.filter((ip) => familyOf(ip) === family && !isLoopback(ip));
  return node.addresses.find((ip) => own.includes(ip)) ?? own.find((ip) => !isLinkLocal(ip)) ?? UNSPECIFIED.IPv6;
}

function isLinkLocal(ip: Ip): boolean {
  return cidrContains(LINK_LOCAL_IPV4, ip) || cidrContains(LINK_LOCAL_IPV6, ip);
}

const FAMILIES: readonly Family[] = ['IPv4', 'IPv6'];
const MOST_LOCAL_CIDRS = 8; // struct config
const LOCALHOST = '127.0.0.1' as Ip; // canonical as written
const LINK_LOCAL_IPV4: Cidr = { ip: '169.254.0.0' as Ip, prefixLength: 16 }; // canonical as written
const LINK_LOCAL_IPV6: Cidr = { ip: 'fe80::' as Ip, prefixLength: 10 }; // canonical as written
