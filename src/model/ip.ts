import { flatText } from './flat-text.ts';
import { formatGroups, parseGroups } from './ipv6-text.ts';
import { accept, type Parse, refuse } from './parse.ts';
import { quote } from './quote.ts';

export type Family = 'IPv4' | 'IPv6';

/** A canonical textual address: no leading zeros, IPv6 per RFC 5952; made only by parseIp and bytesToIp. */
export type Ip = string & { readonly __brand: 'Ip' };

/** A prefix with host bits cleared; made only by parseCidr and hostCidr. */
export interface Cidr {
  readonly ip: Ip;
  readonly prefixLength: number;
}

/**
 * Reads an address as the Kubernetes API does: leading zeros are decimal, an IPv4-mapped IPv6 address is IPv4, no zone.
 */
export function parseIp(raw: unknown): Parse<Ip> {
  if (typeof raw === 'string' && raw.length <= LONGEST) {
    const canonical = raw.includes(':') ? canonicalIpv6(raw) : canonicalIpv4(raw);
    if (canonical !== undefined) return accept((canonical === raw ? raw : canonical) as Ip); // the brand's constructor
  }
  return refuse(`${quote(raw)} is not an IP address: write it like 10.0.0.1 or fd00::1`);
}

export function familyOf(ip: Ip): Family {
  return ip.includes(':') ? 'IPv6' : 'IPv4';
}

/** 16 bytes in wire order, IPv4 as ::ffff:a.b.c.d, into `into` from `offset`. */
export function ipToBytes(ip: Ip, into: Uint8Array = new Uint8Array(16), offset = 0): Uint8Array {
  if (ip.includes(':')) {
    const groups = parseGroups(ip);
    if (groups === undefined) throw new Error(`Not an Ip: ${quote(ip)}`);
    groups.forEach((group, index) => {
      into[offset + index * 2] = group >> 8;
      into[offset + index * 2 + 1] = group & 0xff;
    });
    return into;
  }
  into.fill(0, offset, offset + 10);
  into.fill(0xff, offset + 10, offset + 12);
  let octet = 0;
  let at = offset + 12;
  for (let index = 0; index < ip.length; index += 1) {
    const code = ip.charCodeAt(index);
    if (code === DOT) {
      into[at] = octet;
      at += 1;
      octet = 0;
    } else {
      octet = octet * 10 + code - ZERO;
    }
  }
  into[at] = octet;
  return into;
}

/** The address in 16 bytes from `offset`; the mapped range is IPv4. */
export function bytesToIp(bytes: Uint8Array, offset = 0): Ip {
  const at = (index: number): number => bytes[offset + index] ?? 0;
  if (isMapped(at)) return flatText(at(12), '.', at(13), '.', at(14), '.', at(15)) as Ip; // the brand's constructor
  const groups = Array.from({ length: 8 }, (_, index) => (at(index * 2) << 8) | at(index * 2 + 1));
  return formatGroups(groups) as Ip; // the brand's constructor
}

/** Addresses that can neither be dialled from elsewhere nor serve: unspecified, loopback, multicast, broadcast. */
export function isSpecial(ip: Ip): boolean {
  if (ip === '::' || ip === '0.0.0.0' || ip === '255.255.255.255' || isLoopback(ip)) return true;
  return ip.includes(':') ? /^ff[0-9a-f]{2}:/.test(ip) : /^(22[4-9]|23[0-9])\./.test(ip);
}

export function isLoopback(ip: Ip): boolean {
  return ip === '::1' || ip.startsWith('127.');
}

/** "10.0.0.1:80" or "[fd00::1]:80" */
export function formatAddress(ip: Ip, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

const LONGEST = 128; // far above any spelling of an address: a megabyte is not worth scanning
const DOT = 46;
const ZERO = 48;

const CANONICAL_IPV4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/;

function canonicalIpv4(text: string): string | undefined {
  if (CANONICAL_IPV4.test(text)) return text; // nearly all are, and a start reads 100,000
  const parts = text.split('.', 5);
  if (parts.length !== 4) return undefined;
  const octets: number[] = [];
  for (const part of parts) {
    if (!/^[0-9]+$/.test(part)) return undefined;
    const octet = Number(part);
    if (octet > 255) return undefined;
    octets.push(octet);
  }
  return octets.join('.');
}

function canonicalIpv6(text: string): string | undefined {
  const groups = parseGroups(withoutDots(text));
  if (groups === undefined) return undefined;
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!mapped) return formatGroups(groups);
  const [high = 0, low = 0] = groups.slice(6);
  return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
}

/** "::ffff:10.0.0.1" as "::ffff:a00:1"; anything else as it is. */
function withoutDots(text: string): string {
  if (!text.includes('.')) return text;
  const start = text.lastIndexOf(':') + 1;
  const [a, b, c, d] = (canonicalIpv4(text.slice(start)) ?? '').split('.').map(Number);
  if (a === undefined || b === undefined || c === undefined || d === undefined) return text;
  return `${text.slice(0, start)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

function isMapped(at: (index: number) => number): boolean {
  for (let index = 0; index < 10; index += 1) if (at(index) !== 0) return false;
  return at(10) === 0xff && at(11) === 0xff;
}
