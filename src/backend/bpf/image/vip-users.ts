import { Scope, VipFlag } from '../../../abi/generated.ts';
import type { Ip } from '../../../model/ip.ts';
import type { FrontendRow, Image, VipRow } from '../image.ts';
import { UNSPECIFIED } from '../lower.ts';
import type { Write } from '../write.ts';

/** Counts a frontend in (1) or out (-1) at its address; says which row that touched. */
export function countFrontend(image: Image, frontend: FrontendRow, by: 1 | -1): Ip | undefined {
  const { addr } = frontend.key;
  if (!needsVip(addr)) return undefined;
  const row = image.vips.get(addr) ?? NO_USERS;
  const isInternal = frontend.scope === Scope.INTERNAL;
  image.vips.set(addr, isInternal ? { ...row, internal: row.internal + by } : { ...row, external: row.external + by });
  return addr;
}

/** NodePorts have no address of their own: the node's addresses lead to them. */
export function needsVip(addr: Ip): boolean {
  return addr !== UNSPECIFIED.IPv4 && addr !== UNSPECIFIED.IPv6;
}

export function setNodeFlags(image: Image, addr: Ip, node: number): void {
  if (node === 0) image.nodeVips.delete(addr);
  else image.nodeVips.set(addr, node);
  image.vips.set(addr, { ...(image.vips.get(addr) ?? NO_USERS), node });
}

/** Gives the address what its users need, and leaves it what it has. */
export function widenVip(image: Image, addr: Ip): readonly Write[] {
  const row = image.vips.get(addr) ?? NO_USERS;
  return storeFlags(image, addr, (row.flags ?? 0) | neededFlags(row));
}

/** Takes from the address what no user needs. */
export function settleVip(image: Image, addr: Ip): readonly Write[] {
  return storeFlags(image, addr, neededFlags(image.vips.get(addr) ?? NO_USERS));
}

/** No user, but flows may know it. */
export function isDraining(row: VipRow): boolean {
  return neededFlags(row) === 0;
}

const NO_USERS: VipRow = { flags: undefined, internal: 0, external: 0, node: 0 };

function neededFlags({ internal, external, node }: VipRow): number {
  return node | (internal > 0 ? VipFlag.CLUSTER_IP : 0) | (external > 0 ? VipFlag.EXTERNAL : 0);
}

function storeFlags(image: Image, addr: Ip, flags: number): readonly Write[] {
  const row = image.vips.get(addr);
  if (row === undefined || row.flags === flags) return [];
  if (row.flags === undefined && flags === 0) {
    image.vips.delete(addr);
    return [];
  }
  image.vips.set(addr, { ...row, flags });
  return [flags === 0 ? { kind: 'drain', vip: addr } : { kind: 'put', map: 'vips', key: addr, value: { flags } }];
}
