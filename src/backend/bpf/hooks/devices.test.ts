import { describe, expect, it } from 'vitest';
import type { Device, Network, Route } from '../../../sys/netlink.ts';
import { assignRoles, type DeviceRole, matchesPattern, type RoleRules } from './devices.ts';

const ETHER = 1;
const NO_HEADER = 65534;
const DETECT: RoleRules = { nodeAddresses: new Set(['192.0.2.1', 'fd00::1']), uplinks: [], podDevices: [] };

function device(ifindex: number, name: string, rest: Partial<Device> = {}): Device {
  return {
    ifindex,
    name,
    kind: '',
    masterIfindex: 0,
    up: true,
    arphrd: ETHER,
    mac: '02:00:00:00:00:01',
    addresses: [],
    ...rest,
  };
}

function route(ifindex: number, destination: string, rest: Partial<Route> = {}): Route {
  return { family: destination.includes(':') ? 6 : 4, destination, ifindex, table: 254, ...rest };
}

function network(devices: readonly Device[], routes: readonly Route[] = []): Network {
  return { devices: new Map(devices.map((each) => [each.ifindex, each])), routes };
}

const UPLINK: DeviceRole = { kind: 'uplink', header: 'ethernet' };
const pod = (bridgeIfindex: number, peerNetnsId?: number): DeviceRole => ({ kind: 'pod', bridgeIfindex, peerNetnsId });

interface Row {
  readonly says: string;
  readonly network: Network;
  readonly rules?: Partial<RoleRules>;
  readonly roles: readonly (readonly [string, DeviceRole])[];
}

const CNI_BRIDGE = device(5, 'cni0', { kind: 'bridge', addresses: ['10.0.0.1'] });
const VETH = { kind: 'veth', peerIfindex: 2 };

const ROWS: readonly Row[] = [
  {
    says: 'a device with a Node address is an uplink',
    network: network([device(2, 'eth0', { addresses: ['192.0.2.1'] })]),
    roles: [['eth0', UPLINK]],
  },
  {
    says: 'so is one with the IPv6 Node address',
    network: network([device(2, 'eth0', { addresses: ['fd00::1'] })]),
    roles: [['eth0', UPLINK]],
  },
  {
    says: 'a device of a default route is an uplink',
    network: network([device(2, 'eth0')], [route(2, '::/0')]),
    roles: [['eth0', UPLINK]],
  },
  {
    says: 'a device of a gateway route is an uplink',
    network: network([device(2, 'eth1')], [route(2, '10.9.0.0/16', { gateway: '10.1.0.1' })]),
    roles: [['eth1', UPLINK]],
  },
  {
    says: 'an overlay with routes through its peers is an uplink',
    network: network([device(4, 'flannel.1', { kind: 'vxlan' })], [route(4, '10.2.1.0/24', { gateway: '10.2.1.0' })]),
    roles: [['flannel.1', UPLINK]],
  },
  {
    says: 'an uplink may have no link layer',
    network: network([device(3, 'wg0', { kind: 'wireguard', arphrd: NO_HEADER })], [route(3, '0.0.0.0/0')]),
    roles: [['wg0', { kind: 'uplink', header: 'none' }]],
  },
  {
    says: 'a route without a gateway makes no uplink',
    network: network([device(2, 'eth0')], [route(2, '10.1.0.0/24')]),
    roles: [],
  },
  {
    says: 'the local table makes no uplink',
    network: network([device(2, 'eth0')], [route(2, '0.0.0.0/0', { table: 255 })]),
    roles: [],
  },
  {
    says: 'loopback has no role, not even with a Node address',
    network: network([device(1, 'lo', { arphrd: 772, addresses: ['192.0.2.1'] })]),
    roles: [],
  },
  {
    says: 'a veth to another namespace is a pod edge',
    network: network([device(7, 'veth7', { ...VETH, peerNetnsId: 3 })]),
    roles: [['veth7', pod(0, 3)]],
  },
  {
    says: 'a host route to the pod changes nothing',
    network: network([device(7, 'veth7', { ...VETH, peerNetnsId: 3 })], [route(7, '10.0.0.7/32')]),
    roles: [['veth7', pod(0, 3)]],
  },
  {
    says: 'a device that is down has its role already',
    network: network([device(7, 'veth7', { ...VETH, peerNetnsId: 3, up: false })]),
    roles: [['veth7', pod(0, 3)]],
  },
  { says: 'a veth inside the namespace is none', network: network([device(7, 'veth7', VETH)]), roles: [] },
  {
    says: 'a veth that leads off the node is an uplink',
    network: network([device(2, 'eth0', { ...VETH, peerNetnsId: 0 })], [route(2, '0.0.0.0/0')]),
    roles: [['eth0', UPLINK]],
  },
  {
    says: 'netkit is as veth',
    network: network([device(7, 'nk7', { kind: 'netkit', peerNetnsId: 3 })]),
    roles: [['nk7', pod(0, 3)]],
  },
  { says: 'a tap is a pod edge', network: network([device(8, 'tap8', { kind: 'tun' })]), roles: [['tap8', pod(0)]] },
  { says: 'a tun is not', network: network([device(8, 'tun8', { kind: 'tun', arphrd: NO_HEADER })]), roles: [] },
  {
    says: 'a bridge port knows its bridge',
    network: network([CNI_BRIDGE, device(7, 'veth7', { ...VETH, peerNetnsId: 3, masterIfindex: 5 })]),
    roles: [['veth7', pod(5, 3)]],
  },
  {
    says: 'a port of a VRF is not a bridge port',
    network: network([
      device(5, 'vrf5', { kind: 'vrf' }),
      device(7, 'veth7', { ...VETH, peerNetnsId: 3, masterIfindex: 5 }),
    ]),
    roles: [['veth7', pod(0, 3)]],
  },
  {
    says: 'hardware in a bridge leads off the node: the bridge is the uplink',
    network: network(
      [
        device(5, 'br0', { kind: 'bridge', addresses: ['192.0.2.1'] }),
        device(2, 'eth0', { masterIfindex: 5 }),
        device(7, 'veth7', { ...VETH, peerNetnsId: 3, masterIfindex: 5 }),
      ],
      [route(5, '0.0.0.0/0')],
    ),
    roles: [
      ['br0', UPLINK],
      ['veth7', pod(5, 3)],
    ],
  },
  {
    says: '--uplinks replaces detection',
    network: network([device(2, 'eth0'), device(3, 'eth1')], [route(2, '0.0.0.0/0')]),
    rules: { uplinks: ['eth1'] },
    roles: [['eth1', UPLINK]],
  },
  {
    says: '--uplinks wins over --pod-devices',
    network: network([device(3, 'x1'), device(4, 'x2')]),
    rules: { uplinks: ['x1'], podDevices: ['x*'] },
    roles: [
      ['x1', UPLINK],
      ['x2', pod(0)],
    ],
  },
  {
    says: '--pod-devices replaces detection',
    network: network([device(7, 'veth7', { ...VETH, peerNetnsId: 3 }), device(9, 'rep9')]),
    rules: { podDevices: ['rep*'] },
    roles: [['rep9', pod(0)]],
  },
  {
    says: '--pod-devices wins over a detected uplink',
    network: network([device(9, 'rep9')], [route(9, '10.9.0.0/16', { gateway: '10.1.0.1' })]),
    rules: { podDevices: ['rep*'] },
    roles: [['rep9', pod(0)]],
  },
];

describe('assignRoles', () => {
  it.each(ROWS)('$says', ({ network, rules, roles }) => {
    const assigned = [...assignRoles(network, { ...DETECT, ...rules })];
    expect(assigned.map(([ifindex, role]) => [network.devices.get(ifindex)?.name, role])).toEqual(roles);
  });
});

describe('matchesPattern', () => {
  it.each([
    ['eth0', 'eth0', true],
    ['eth01', 'eth0', false],
    ['eth01', 'eth*', true],
    ['ens1.100', 'ens1.*', true],
    ['ens1x100', 'ens1.100', false],
    ['lxc_health', '*_*', true],
  ])('%s against %s: %s', (name, pattern, matches) => {
    expect(matchesPattern(name, pattern)).toBe(matches);
  });
});
