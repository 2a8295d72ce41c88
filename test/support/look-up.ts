import { Client, Scope, ServiceFlag, Verdict, VipFlag } from '../../src/abi/generated.ts';
import { type FrontendRow, frontendName, type Image, readColumn } from '../../src/backend/bpf/image.ts';
import { UNSPECIFIED } from '../../src/backend/bpf/lower.ts';
import { cidrContains } from '../../src/model/cidr.ts';
import { type Cidr, familyOf, formatAddress, type Ip } from '../../src/model/ip.ts';

/** Who dials what. */
export interface Dial {
  readonly addr: Ip;
  readonly port: number;
  readonly proto: number;
  readonly client: 'POD' | 'NODE' | 'OTHER';
  readonly source: Ip;
}

/** What bpf/lb.h would decide by these maps, as one line of text. */
export function lookUp(image: Image, dial: Dial): string {
  const frontend = findFrontend(image, dial);
  if (frontend !== undefined) return decide(image, frontend, dial);
  const flags = image.vips.get(dial.addr)?.flags ?? 0;
  return (flags & VipFlag.CLUSTER_IP) !== 0 ? 'refuse' : 'pass';
}

export function findFrontend(image: Image, { addr, port, proto }: Dial): FrontendRow | undefined {
  const flags = image.vips.get(addr)?.flags;
  if (flags === undefined) return undefined;
  const direct = image.frontends.get(frontendName({ addr, port, proto }));
  const nodePort = image.frontends.get(frontendName({ addr: UNSPECIFIED[familyOf(addr)], port, proto }));
  return direct ?? ((flags & VipFlag.NODE) !== 0 ? nodePort : undefined);
}

export function decide(image: Image, frontend: FrontendRow, dial: Dial): string {
  if (!isAllowed(image, frontend, dial.source)) return 'drop';
  const half = frontend.scope === Scope.INTERNAL ? 0 : Client.COUNT;
  const { verdict, offset, size, flags } = readColumn(image, frontend.serviceId, half + Client[dial.client]);
  switch (verdict) {
    case Verdict.NONE:
      return 'pass';
    case Verdict.REJECT:
      return 'refuse';
    case Verdict.DROP:
      return 'drop';
    default: {
      const names = Array.from({ length: size }, (_, place) => nameSlot(image, offset + place, frontend.serviceId));
      return `forward[${flags}] ${names.sort().join(' ')}`;
    }
  }
}

function isAllowed(image: Image, frontend: FrontendRow, source: Ip): boolean {
  const service = image.services.get(frontend.serviceId);
  const policy = Number((image.serviceWords[frontend.serviceId * 8 + 6] ?? 0n) >> 32n);
  if (frontend.scope !== Scope.LOAD_BALANCER || (policy & ServiceFlag.RANGES) === 0) return true;
  const isInside = (range: { readonly prefixlen: number; readonly addr: Ip }): boolean => {
    const prefixLength = range.prefixlen - 32 - (familyOf(range.addr) === 'IPv4' ? 96 : 0);
    const cidr: Cidr = { ip: range.addr, prefixLength };
    return cidrContains(cidr, source);
  };
  return service?.sourceRanges.some((range) => range.allow === 1 && isInside(range)) ?? false;
}

function nameSlot(image: Image, slot: number, serviceId: number): string {
  const row = image.backends.get(image.slots[slot * 2] ?? 0);
  if (row === undefined || image.slots[slot * 2 + 1] !== serviceId) return 'stale';
  return `${formatAddress(row.addr, row.port)}/${row.proto}`;
}
