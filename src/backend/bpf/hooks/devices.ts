import type { Device, Network } from '../../../sys/netlink.ts';

/** What a device is to the dataplane; devices without a role are left alone. */
export type DeviceRole =
  | { readonly kind: 'uplink'; readonly header: 'ethernet' | 'none' }
  /** bridgeIfindex 0: not a bridge port. peerNetnsId as IFLA_LINK_NETNSID; undefined: unknown. */
  | { readonly kind: 'pod'; readonly bridgeIfindex: number; readonly peerNetnsId: number | undefined };

export interface RoleRules {
  /** Addresses of the Node object. */
  readonly nodeAddresses: ReadonlySet<string>;
  /** Name patterns with "*"; empty: detected. Given ones replace detection. */
  readonly uplinks: readonly string[];
  readonly podDevices: readonly string[];
}

const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772;
const RT_TABLE_LOCAL = 255;

/** The role table: ifindex -> role. An uplink is never a pod edge, whatever else speaks for it. */
export function assignRoles(network: Network, rules: RoleRules): ReadonlyMap<number, DeviceRole> {
  const leading = devicesThatLeadOff(network);
  const roles = new Map<number, DeviceRole>();
  for (const device of network.devices.values()) {
    if (device.arphrd === ARPHRD_LOOPBACK) continue;
    if (isUplink(device, leading, rules)) {
      roles.set(device.ifindex, { kind: 'uplink', header: hasEthernetHeader(device) ? 'ethernet' : 'none' });
    } else if (isPodEdge(device, rules)) {
      const bridgeIfindex = network.devices.get(device.masterIfindex)?.kind === 'bridge' ? device.masterIfindex : 0;
      roles.set(device.ifindex, { kind: 'pod', bridgeIfindex, peerNetnsId: device.peerNetnsId });
    }
  }
  return roles;
}

/** Does `name` match a pattern in which "*" stands for any text? */
export function matchesPattern(name: string, pattern: string): boolean {
  const literals = pattern.split('*').map((text) => text.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${literals.join('.*')}$`).test(name);
}

/** Devices of a default route or of any route through a gateway. */
function devicesThatLeadOff(network: Network): ReadonlySet<number> {
  const leading = network.routes.filter(
    (route) => route.table !== RT_TABLE_LOCAL && (route.gateway !== undefined || route.destination.endsWith('/0')),
  );
  return new Set(leading.map((route) => route.ifindex));
}

function isUplink(device: Device, leading: ReadonlySet<number>, rules: RoleRules): boolean {
  if (rules.uplinks.length > 0) return rules.uplinks.some((pattern) => matchesPattern(device.name, pattern));
  if (rules.podDevices.some((pattern) => matchesPattern(device.name, pattern))) return false;
  return leading.has(device.ifindex) || device.addresses.some((address) => rules.nodeAddresses.has(address));
}

/**
 * A veth or netkit whose other end is in another network namespace, or a tap (a VM's). Ports of a
 * bridge are of these kinds; hardware, bonds or tunnels in a bridge lead off the node.
 */
function isPodEdge(device: Device, rules: RoleRules): boolean {
  if (rules.podDevices.length > 0) return rules.podDevices.some((pattern) => matchesPattern(device.name, pattern));
  if (device.kind === 'veth' || device.kind === 'netkit') return device.peerNetnsId !== undefined;
  return device.kind === 'tun' && device.arphrd === ARPHRD_ETHER;
}

function hasEthernetHeader(device: Device): boolean {
  return device.arphrd === ARPHRD_ETHER;
}
