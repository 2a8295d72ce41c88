import {
  EXTERNAL,
  EXTERNAL_GATEWAY,
  EXTERNAL_VIPS,
  GATEWAY,
  NODE,
  REMOTE,
  REMOTE_GATEWAY,
  SERVICE_CIDRS,
} from './addresses.ts';
import { run } from './command.ts';
import { eventually } from './deadline.ts';
import type { Host } from './host.ts';
import type { PodSpec, Wiring } from './lab-spec.ts';

/** Every namespace's sysctls; strict rp_filter on the node, as hardened distributions have it. */
const FORWARDING = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'];
const STRICT = ['net.ipv4.conf.all.rp_filter=1', 'net.ipv4.conf.default.rp_filter=1'];

/** A link-local address without the wait for duplicates: neighbour discovery needs one at once. */
const LINK_LOCAL = { left: 'fe80::1/64', right: 'fe80::2/64' };

/** Node, remote node and external client on one wire after the other; node: strict, and no INVALID passes. */
export async function wireMachines(node: Host, remote: Host, external: Host): Promise<void> {
  await node.run(['sysctl', '-qw', ...FORWARDING, ...STRICT]);
  await remote.run(['sysctl', '-qw', ...FORWARDING]);
  await node.ip([
    'link set lo up',
    // Ends of one number have their carrier noticed up to a second late.
    `link add eth0 index 100 type veth peer name eth0 netns ${remote.netns}`,
    ...address('eth0', `${NODE.ipv4}/24`, `${NODE.ipv6}/64`, LINK_LOCAL.left),
    `route add default via ${REMOTE.ipv4}`,
    `route add default via ${REMOTE.ipv6}`,
  ]);
  await remote.ip([
    'link set lo up',
    `link add ext0 type veth peer name eth0 netns ${external.netns}`,
    ...address('eth0', `${REMOTE.ipv4}/24`, `${REMOTE.ipv6}/64`, LINK_LOCAL.right),
    ...address('ext0', `${EXTERNAL_GATEWAY.ipv4}/24`, `${EXTERNAL_GATEWAY.ipv6}/64`, LINK_LOCAL.left),
  ]);
  await external.ip([
    'link set lo up',
    ...address('eth0', `${EXTERNAL.ipv4}/24`, `${EXTERNAL.ipv6}/64`, LINK_LOCAL.right),
    `route add default via ${EXTERNAL_GATEWAY.ipv4}`,
    `route add default via ${EXTERNAL_GATEWAY.ipv6}`,
  ]);
  await node.run(['nft', '-f', '-'], INVALID_DROP);
  await remote.run(['nft', '-f', '-'], wireCounter());
}

/** The bridge of a bridge CNI, before its first pod. */
export async function wireBridge(node: Host, callIptables: boolean): Promise<void> {
  const value = callIptables ? 1 : 0;
  // Built in on some kernels; the sysctls below say whether it is there.
  await run(['modprobe', '--quiet', 'br_netfilter']).catch(() => undefined);
  await node.ip([
    'link add cni0 type bridge',
    ...address('cni0', `${GATEWAY.ipv4}/24`, `${GATEWAY.ipv6}/64`, LINK_LOCAL.left),
  ]);
  await node.run([
    'sysctl',
    '-qw',
    `net.bridge.bridge-nf-call-iptables=${value}`,
    `net.bridge.bridge-nf-call-ip6tables=${value}`,
  ]);
}

/** Connects a pod to its machine; `other` learns the way when the pod's address is outside of the machine's network. */
export async function wirePod(wire: {
  readonly pod: Host;
  readonly spec: PodSpec;
  readonly machine: Host;
  readonly other: Host;
  readonly wiring: Wiring;
}): Promise<void> {
  const { pod, spec, machine, other, wiring } = wire;
  const device = hostDevice(spec.name);
  const gateway = spec.place === 'node' ? GATEWAY : REMOTE_GATEWAY;
  const via = spec.place === 'node' ? NODE : REMOTE;
  const { ipv4, ipv6 } = spec.addresses;
  const bridged = spec.place === 'node' && wiring.kind === 'bridge';
  const veth = `link add ${device} type veth peer name eth0 netns ${pod.netns}`;
  if (bridged) {
    await machine.ip([veth, `link set ${device} addrgenmode none`, `link set ${device} master cni0 up`]);
    await pod.ip([
      'link set lo up',
      ...address('eth0', `${ipv4}/24`, `${ipv6}/64`, LINK_LOCAL.right),
      `route add default via ${gateway.ipv4}`,
      `route add default via ${gateway.ipv6}`,
    ]);
    return;
  }
  await machine.ip([
    veth,
    ...address(device, `${gateway.ipv4}/32`, `${gateway.ipv6}/128`, LINK_LOCAL.left),
    `route add ${ipv4}/32 dev ${device}`,
    `route add ${ipv6}/128 dev ${device}`,
  ]);
  await pod.ip([
    'link set lo up',
    ...address('eth0', `${ipv4}/32`, `${ipv6}/128`, LINK_LOCAL.right),
    `route add default via ${gateway.ipv4} dev eth0 onlink`,
    `route add default via ${gateway.ipv6} dev eth0 onlink`,
  ]);
  await other.ip([`route add ${ipv4}/32 via ${via.ipv4}`, `route add ${ipv6}/128 via ${via.ipv6}`]);
}

/** The network of a bridge's pods is one route for the remote node. */
export async function routeToBridge(remote: Host): Promise<void> {
  await remote.ip([
    `route add ${GATEWAY.ipv4.replace(/\d+$/, '0')}/24 via ${NODE.ipv4}`,
    `route add ${GATEWAY.ipv6.replace(/::.*$/, '::')}/64 via ${NODE.ipv6}`,
  ]);
}

/** Resolves when every device of these hosts is up; before, IPv6 loses its first packets. */
export async function carrierOf(hosts: readonly Host[]): Promise<void> {
  for (const host of hosts) {
    await eventually(`the devices of ${host.netns}`, async () => {
      const links = JSON.parse(await run(['ip', '-netns', host.netns, '-json', 'link'])) as readonly {
        ifname: string;
        operstate: string;
      }[];
      return links.every(({ ifname, operstate }) => ifname === 'lo' || operstate === 'UP') ? true : undefined;
    });
  }
}

/** The node's end of a pod's wire. */
export function hostDevice(pod: string): string {
  return `veth-${pod}`;
}

function address(device: string, ipv4: string, ipv6: string, linkLocal: string): readonly string[] {
  return [
    `link set ${device} addrgenmode none`,
    `address add ${ipv4} dev ${device}`,
    `address add ${ipv6} dev ${device} nodad`,
    `address add ${linkLocal} dev ${device} nodad`,
    `link set ${device} up`,
  ];
}

const INVALID_DROP = `table inet lab {
  counter invalid { }
  chain forward {
    type filter hook forward priority filter
    ct state invalid counter name invalid drop
  }
}
`;

/** Counts what no node may ever send: packets for a VIP, or from one. */
function wireCounter(): string {
  const vips = [...SERVICE_CIDRS, ...EXTERNAL_VIPS];
  const ipv4 = vips.filter((vip) => !vip.includes(':')).join(', ');
  const ipv6 = vips.filter((vip) => vip.includes(':')).join(', ');
  return `table inet lab {
  counter vip { }
  set vips4 { type ipv4_addr; flags interval; elements = { ${ipv4} } }
  set vips6 { type ipv6_addr; flags interval; elements = { ${ipv6} } }
  chain prerouting {
    type filter hook prerouting priority raw
    iifname eth0 ip daddr @vips4 counter name vip
    iifname eth0 ip saddr @vips4 counter name vip
    iifname eth0 ip6 daddr @vips6 counter name vip
    iifname eth0 ip6 saddr @vips6 counter name vip
  }
}
`;
}
