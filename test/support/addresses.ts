/** Both addresses of a host. */
export interface Addresses {
  readonly ipv4: string;
  readonly ipv6: string;
}

// The networks of spec/vectors/dataplane.json, so that its packets can be played as they stand.
export const NODE_NAME = 'node-a';
export const NODE: Addresses = { ipv4: '192.168.0.2', ipv6: '2001:db8::1' };
export const REMOTE: Addresses = { ipv4: '192.168.0.3', ipv6: '2001:db8::3' };
export const EXTERNAL: Addresses = { ipv4: '203.0.113.2', ipv6: '2600:5200::1' };
/** The remote node's side of the external client's wire. */
export const EXTERNAL_GATEWAY: Addresses = { ipv4: '203.0.113.254', ipv6: '2600:5200::fe' };
/** What pods of the node and of the remote node have as gateway, on each host side device or on the bridge. */
export const GATEWAY: Addresses = { ipv4: '10.180.0.254', ipv6: 'fd00:10:180::fe' };
export const REMOTE_GATEWAY: Addresses = { ipv4: '10.180.1.254', ipv6: 'fd00:10:180:1::fe' };

export const CLUSTER_CIDRS = ['10.0.0.0/8', 'fd00:10::/32'] as const;
export const SERVICE_CIDRS = ['172.30.0.0/16', 'fd00:172:30::/48'] as const;
/** External IPs and load balancer VIPs come from here (and from the vectors' single addresses). */
export const EXTERNAL_VIPS = ['198.51.100.0/24', '2001:db8:51::/48', '1.2.3.4', '5.6.7.8', '192.168.99.0/24'] as const;

/** The addresses of the pod with this number: on the node, or on the remote one. */
export function podAddresses(place: 'node' | 'remote', number: number): Addresses {
  return place === 'node'
    ? { ipv4: `10.180.0.${number}`, ipv6: `fd00:10:180::${number.toString(16)}` }
    : { ipv4: `10.180.1.${number}`, ipv6: `fd00:10:180:1::${number.toString(16)}` };
}

/** IPv4 first. */
export function bothOf({ ipv4, ipv6 }: Addresses): readonly string[] {
  return [ipv4, ipv6];
}
