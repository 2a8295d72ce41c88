/** A network device of this process's network namespace. */
export interface Device {
  readonly ifindex: number;
  readonly name: string;
  /** IFLA_INFO_KIND: 'veth', 'bridge', 'tun', …; '' for hardware. */
  readonly kind: string;
  /** 0: none. */
  readonly masterIfindex: number;
  /** IFLA_LINK: of a veth its other end, of a vlan its device. */
  readonly peerIfindex?: number;
  /** Present where the peer is in another network namespace. */
  readonly peerNetnsId?: number;
  readonly up: boolean;
  /** ARPHRD_*: 1 Ethernet, 772 loopback, 65534 none. */
  readonly arphrd: number;
  /** "aa:bb:cc:dd:ee:ff"; '' where the device has none. */
  readonly mac: string;
  /** As text, without prefix length. */
  readonly addresses: readonly string[];
}

export interface Route {
  readonly family: 4 | 6;
  /** "0.0.0.0/0", "10.0.0.0/8"; text. */
  readonly destination: string;
  readonly gateway?: string;
  readonly ifindex: number;
  /** RT_TABLE_*: 254 main, 255 local. */
  readonly table: number;
}

export interface Neighbour {
  readonly ifindex: number;
  readonly address: string;
  readonly mac: string;
}

/** The whole picture: dumped once, then kept by events. */
export interface Network {
  readonly devices: ReadonlyMap<number, Device>;
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
}

export function dumpNetwork(): Network {
  throw new Error('not there yet');
}

export interface WatchOptions {
  readonly signal: AbortSignal;
}

/**
 * The network at once, then again after each batch of events that changed it. Ends when the signal
 * aborts. Lost events (ENOBUFS) lead to a full dump.
 */
export async function* watchNetwork(_options: WatchOptions): AsyncIterable<Network> {
  yield* [];
  throw new Error('not there yet');
}
