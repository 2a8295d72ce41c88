import { Config, ConfigFlag } from '../../../abi/generated.ts';
import { cidrContains } from '../../../model/cidr.ts';
import { bytesToIp, type Cidr, familyOf, type Ip, ipToBytes } from '../../../model/ip.ts';
import type { ConfigRow } from '../write.ts';

/** The bytes of struct config between the words that programs write. A test holds them equal to the codec's. */
export const PLANNED_BYTES = { from: 24, to: 316 } as const;

/** Puts the row into the kernel's, and leaves alone what is not the plan's. */
export function storeConfig(memory: Uint8Array, row: ConfigRow): void {
  const present = Config.decode(memory);
  const bytes = Config.encode({
    ...present,
    localCidrs: present.localCidrs.map((_, index) => encodeCidr(row.localCidrs[index])),
    nodeAddrV4: row.nodeAddrV4,
    nodeAddrV6: row.nodeAddrV6,
    flags: row.hasDetector ? present.flags | ConfigFlag.DETECTOR : present.flags & ~ConfigFlag.DETECTOR,
  });
  const { from, to } = PLANNED_BYTES;
  memory.set(bytes.subarray(from, to), from);
}

/** undefined: no plan looks like this. */
export function loadConfig(memory: Uint8Array): ConfigRow | undefined {
  const { localCidrs, nodeAddrV4, nodeAddrV6, flags } = Config.decode(memory);
  const row: ConfigRow = {
    localCidrs: localCidrs.map(decodeCidr).filter((cidr) => cidr !== undefined),
    nodeAddrV4,
    nodeAddrV6,
    hasDetector: (flags & ConfigFlag.DETECTOR) !== 0,
  };
  const copy = memory.slice(0, Config.size);
  storeConfig(copy, row);
  return copy.every((byte, at) => byte === memory[at]) ? row : undefined;
}

type MaskedCidr = ReturnType<typeof Config.decode>['localCidrs'][number];

/** An address with no bit under its mask matches all; one with bits where the mask has none matches nothing. */
function encodeCidr(cidr: Cidr | undefined): MaskedCidr {
  if (cidr === undefined) return { addr: ALL_ONES, mask: ALL_ZERO };
  const mask = new Uint8Array(16);
  const kept = cidr.prefixLength + (familyOf(cidr.ip) === 'IPv4' ? MAPPED_BITS : 0);
  for (let bit = 0; bit < kept; bit += 1) mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return { addr: cidr.ip, mask: bytesToIp(mask) };
}

function decodeCidr({ addr, mask }: MaskedCidr): Cidr | undefined {
  const bits = ipToBytes(mask).reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
  const prefixLength = bits - (familyOf(addr) === 'IPv4' ? MAPPED_BITS : 0);
  const cidr = { ip: addr, prefixLength };
  return addr === ALL_ONES || prefixLength < 0 || !cidrContains(cidr, addr) ? undefined : cidr;
}

const MAPPED_BITS = 96;
const ALL_ZERO = '::' as Ip; // canonical as written
const ALL_ONES = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' as Ip; // canonical as written
