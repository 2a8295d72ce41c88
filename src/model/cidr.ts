import { bytesToIp, type Cidr, type Family, familyOf, type Ip, ipToBytes, parseIp } from './ip.ts';
import { accept, type Parse, refuse } from './parse.ts';
import { quote } from './quote.ts';

/** Reads "10.0.0.0/8": blanks around it are fine, host bits are cleared. A prefix length is required. */
export function parseCidr(raw: unknown): Parse<Cidr> {
  const text = typeof raw === 'string' && raw.length <= 256 ? raw.trim() : '';
  const slash = text.indexOf('/');
  const ip = parseIp(text.slice(0, Math.max(slash, 0)));
  const prefixLength = text.slice(slash + 1);
  if (!ip.ok || !/^[0-9]{1,3}$/.test(prefixLength) || Number(prefixLength) > widthOf(ip.value)) {
    return refuse(`${quote(raw)} is not a CIDR: write it like 10.0.0.0/8 or fd00::/64`);
  }
  return accept({ ip: networkOf(ip.value, Number(prefixLength)), prefixLength: Number(prefixLength) });
}

/** The prefix that holds this one address. */
export function hostCidr(ip: Ip): Cidr {
  return { ip, prefixLength: widthOf(ip) };
}

export function formatCidr(cidr: Cidr): string {
  return `${cidr.ip}/${cidr.prefixLength}`;
}

export function cidrFamily(cidr: Cidr): Family {
  return familyOf(cidr.ip);
}

/** Never true across families. */
export function cidrContains(cidr: Cidr, ip: Ip): boolean {
  return familyOf(ip) === cidrFamily(cidr) && networkOf(ip, cidr.prefixLength) === cidr.ip;
}

function widthOf(ip: Ip): number {
  return familyOf(ip) === 'IPv4' ? 32 : 128;
}

function networkOf(ip: Ip, prefixLength: number): Ip {
  const bytes = ipToBytes(ip);
  const kept = 128 - widthOf(ip) + prefixLength; // IPv4 lies in the last 32 bits
  for (let index = 0; index < 16; index += 1) {
    const bits = Math.min(8, Math.max(0, kept - index * 8));
    bytes[index] = (bytes[index] ?? 0) & (0xff << (8 - bits));
  }
  return bytesToIp(bytes);
}
