import type { Addresses } from './addresses.ts';

/** The three ways to write an address into a socket. */
export const DIALS = ['ipv4', 'ipv6', 'mapped'] as const;
export type Dialling = (typeof DIALS)[number];

/** The host to dial; "mapped": the IPv4 address through an IPv6 socket. */
export function hostOf(addresses: Addresses, dialling: Dialling): string {
  return dialling === 'mapped' ? `::ffff:${addresses.ipv4}` : addresses[dialling];
}

/** The address as the wire knows it. */
export function wireAddress(addresses: Addresses, dialling: Dialling): string {
  return dialling === 'ipv6' ? addresses.ipv6 : addresses.ipv4;
}

/** "ip:port" as the wire knows it. */
export function wireEndpoint(addresses: Addresses, dialling: Dialling, port: number): string {
  return dialling === 'ipv6' ? `[${addresses.ipv6}]:${port}` : `${addresses.ipv4}:${port}`;
}
