import { decodeAttributes, readAddress, readNumber, readText, viewOf } from './netlink-codec.ts';

/** A network device of this process's network namespace. */
export interface Device {
  readonly ifindex: number;
  readonly name: string;
  /** IFLA_INFO_KIND: 'veth', 'bridge', 'tun', …; '' for hardware and loopback. */
  readonly kind: string;
  /** 0: none. */
  readonly masterIfindex: number;
  /** IFLA_LINK: of a veth its other end, of a vlan its device. */
  readonly peerIfindex?: number;
  /** IFLA_LINK_NETNSID: present where the peer is in another network namespace. */
  readonly peerNetnsId?: number;
  readonly up: boolean;
  /** ARPHRD_*: 1 Ethernet, 772 loopback, 65534 none. */
  readonly arphrd: number;
  /** "aa:bb:cc:dd:ee:ff"; '' where the device has none. */
  readonly mac: string;
  /** As text, without prefix length; sorted. */
  readonly addresses: readonly string[];
}

/** One next hop of a unicast route. */
export interface Route {
  readonly family: 4 | 6;
  /** "0.0.0.0/0", "fd00::/64" */
  readonly destination: string;
  /** Of the route's family, or IPv6 for an IPv4 route. */
  readonly gateway?: string;
  readonly ifindex: number;
  /** RT_TABLE_*: 254 main, 255 local. */
  readonly table: number;
}

const IFLA = { address: 1, name: 3, link: 5, master: 10, info: 18, netnsId: 37 } as const;
const INFO_KIND = 1;
const IFF_UP = 1;
const IFA = { address: 1, local: 2 } as const;
const RTA = { destination: 1, device: 4, gateway: 5, multipath: 9, table: 15, via: 18 } as const;
const RTN_UNICAST = 1;
/** A route learnt for one destination, not one that was configured. */
const RTM_F_CLONED = 0x200;
const AF_INET = 2;
const AF_INET6 = 10;

/** RTM_NEWLINK: struct ifinfomsg and its attributes. Addresses come in a table of their own. */
export function decodeDevice(body: Uint8Array): Omit<Device, 'addresses'> {
  const view = viewOf(body);
  const attributes = decodeAttributes(body.subarray(16));
  const info = attributes.get(IFLA.info);
  const peerIfindex = readNumber(attributes.get(IFLA.link));
  const peerNetnsId = readNumber(attributes.get(IFLA.netnsId));
  const mac = attributes.get(IFLA.address) ?? new Uint8Array();
  return {
    ifindex: view.getInt32(4, true),
    name: readText(attributes.get(IFLA.name)),
    kind: info === undefined ? '' : readText(decodeAttributes(info).get(INFO_KIND)),
    masterIfindex: readNumber(attributes.get(IFLA.master)) ?? 0,
    ...(peerIfindex === undefined ? {} : { peerIfindex }),
    ...(peerNetnsId === undefined ? {} : { peerNetnsId }),
    up: (view.getUint32(8, true) & IFF_UP) !== 0,
    arphrd: view.getUint16(2, true),
    mac: Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join(':'),
  };
}

/** RTM_NEWADDR: struct ifaddrmsg. Of a point-to-point device the local end. */
export function decodeAddress(body: Uint8Array): readonly { readonly ifindex: number; readonly address: string }[] {
  const attributes = decodeAttributes(body.subarray(8));
  const address = readAddress(attributes.get(IFA.local) ?? attributes.get(IFA.address));
  return address === undefined ? [] : [{ ifindex: viewOf(body).getUint32(4, true), address }];
}

/** RTM_NEWROUTE: struct rtmsg. Routes of other kinds than unicast, and cached ones, yield none. */
export function decodeRoutes(body: Uint8Array): readonly Route[] {
  const [family, prefixLength, , , shortTable, , , type] = body;
  if (type !== RTN_UNICAST || (family !== AF_INET && family !== AF_INET6)) return [];
  if ((viewOf(body).getUint32(8, true) & RTM_F_CLONED) !== 0) return [];
  const attributes = decodeAttributes(body.subarray(12));
  const any = family === AF_INET ? '0.0.0.0' : '::';
  const route = {
    family: family === AF_INET ? 4 : 6,
    destination: `${readAddress(attributes.get(RTA.destination)) ?? any}/${prefixLength}`,
    table: readNumber(attributes.get(RTA.table)) ?? shortTable ?? 0,
  } as const;
  const hops = attributes.get(RTA.multipath);
  if (hops !== undefined) return decodeHops(hops).map((hop) => ({ ...route, ...hop }));
  const ifindex = readNumber(attributes.get(RTA.device));
  return ifindex === undefined ? [] : [{ ...route, ifindex, ...gatewayOf(attributes) }];
}

type Hop = Pick<Route, 'ifindex' | 'gateway'>;

/** A row of struct rtnexthop, each with attributes of its own. */
function decodeHops(bytes: Uint8Array): readonly Hop[] {
  const hops: Hop[] = [];
  const view = viewOf(bytes);
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = view.getUint16(at, true);
    if (length < 8) break;
    const attributes = decodeAttributes(bytes.subarray(at + 8, at + length));
    hops.push({ ifindex: view.getInt32(at + 4, true), ...gatewayOf(attributes) });
    at += (length + 3) & ~3;
  }
  return hops;
}

/** RTA_VIA holds an address family of two bytes first. */
function gatewayOf(attributes: ReadonlyMap<number, Uint8Array>): { readonly gateway?: string } {
  const gateway = readAddress(attributes.get(RTA.gateway) ?? attributes.get(RTA.via)?.subarray(2));
  return gateway === undefined ? {} : { gateway };
}
