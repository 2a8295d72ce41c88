export type Family = 'IPv4' | 'IPv6';

/** A canonical textual address: no leading zeros, IPv6 per RFC 5952; made only by parseIp. */
export type Ip = string & { readonly __brand: 'Ip' };

/** A prefix with host bits cleared; made only by parseCidr. */
export interface Cidr {
  readonly ip: Ip;
  readonly prefixLength: number;
}
