import { type Column, packColumn, unpackColumn } from '../../abi/column.ts';
import { Service, Verdict } from '../../abi/generated.ts';
import { flatText } from '../../model/flat-text.ts';
import type { Ip } from '../../model/ip.ts';
import type { ServicePort, ServicePortKey } from '../../plan/state.ts';
import { createIdPool, type IdPool } from './ids.ts';
import { type BackendTable, createBackendTable } from './image/backend-table.ts';
import { createSlotRangePool, type SlotRange, type SlotRangePool } from './image/slot-ranges.ts';
import type { LoweredFrontend, LoweredRange } from './lower.ts';
import type { ConfigRow, Policy } from './write.ts';

/** Rows that each map holds at most. */
export interface Capacities {
  readonly services: number;
  readonly slots: number;
  readonly backends: number;
  readonly frontends: number;
  readonly vips: number;
  readonly members: number;
  readonly service_names: number;
  readonly source_ranges: number;
}

/**
 * What the kernel's maps hold, as far as the agent writes them, and what is free in them. Only diff and
 * its kin (retire, collectVips) change it: it is then the state after their writes. When a commit fails,
 * throw it away and observe again.
 */
export interface Image {
  readonly capacities: Capacities;
  /** By id: whatever any map says of this service, also of one that was left half-written. */
  readonly services: Map<number, ServiceRow>;
  readonly idByKey: Map<string, number>;
  /** By frontendName. */
  readonly frontends: Map<string, FrontendRow>;
  readonly vips: Map<Ip, VipRow>;
  /** The bits that addresses have for being the node's, where any. */
  readonly nodeVips: Map<Ip, number>;
  readonly backends: BackendTable;
  /** By backend id: how many services name it. */
  readonly backendRefs: Uint32Array;
  /** As struct service, eight words a row. */
  readonly serviceWords: BigUint64Array;
  /** As struct slot: backend id, service id. */
  readonly slots: Uint32Array;
  readonly serviceIds: IdPool;
  readonly backendIds: IdPool;
  readonly ranges: SlotRangePool;
  /** Rows of the maps that are kept by service. */
  readonly counts: { members: number; service_names: number; source_ranges: number };
  config: ConfigRow | undefined;
  /** Keys of observed frontends with bytes where padding is to be zero: no program finds them, diffAll deletes them. */
  strays: readonly Uint8Array[];
  /** By "namespace/name": Services that don't fit, to be tried again. */
  readonly refused: Map<string, RefusedService>;
  /** Something was freed since the refused ones were tried. */
  hasNewRoom: boolean;
}

export interface RefusedService {
  readonly reason: string;
  readonly servicePorts: ReadonlyMap<ServicePortKey, ServicePort>;
}

export interface ServiceRow {
  readonly id: number;
  /** Its service_names row. */
  readonly name: string | undefined;
  readonly frontends: readonly FrontendRow[];
  readonly sourceRanges: readonly SourceRangeRow[];
  /** Packed by packMember, ascending. */
  readonly members: readonly number[];
  /** Ranges of slots that are this service's alone. */
  readonly ranges: readonly SlotRange[];
}

/** One object in `frontends` and in its service's row: sameness is ownership. */
export interface FrontendRow extends LoweredFrontend {
  readonly serviceId: number;
}

export interface SourceRangeRow extends LoweredRange {
  /** Anything but 1 is not ours. */
  readonly allow: number;
}

export interface VipRow {
  /** Bits in the kernel; undefined: no row yet. 0 with no user: draining. */
  readonly flags: number | undefined;
  /** Frontends by scope. */
  readonly internal: number;
  readonly external: number;
  /** Bits it has as an address of the node. */
  readonly node: number;
}

/** The image of maps that hold nothing. */
export function createImage(capacities: Capacities): Image {
  return {
    capacities,
    services: new Map(),
    idByKey: new Map(),
    frontends: new Map(),
    vips: new Map(),
    nodeVips: new Map(),
    backends: createBackendTable(capacities.backends),
    backendRefs: new Uint32Array(capacities.backends),
    serviceWords: new BigUint64Array(capacities.services * SERVICE_WORDS),
    slots: new Uint32Array(capacities.slots * 2),
    serviceIds: createIdPool(capacities.services),
    backendIds: createIdPool(capacities.backends),
    ranges: createSlotRangePool(capacities.slots),
    counts: { members: 0, service_names: 0, source_ranges: 0 },
    config: undefined,
    strays: [],
    refused: new Map(),
    hasNewRoom: false,
  };
}

export function frontendName({ addr, port, proto }: LoweredFrontend['key']): string {
  return flatText(addr, ' ', port, '/', proto);
}

/** Is there a row for such an id? */
export function isServiceId(image: Image, id: number): boolean {
  return id > 0 && id < image.capacities.services;
}

export const COLUMN_COUNT = 6;
export const SERVICE_WORDS = Service.size / 8;
const POLICY_WORD = COLUMN_COUNT;

export function readColumn(image: Image, id: number, column: number): Column {
  return unpackColumn(image.serviceWords[id * SERVICE_WORDS + column] ?? 0n);
}

/** false: the column has this value already. */
export function writeColumn(image: Image, id: number, column: number, value: Column): boolean {
  return writeWord(image, id * SERVICE_WORDS + column, packColumn(value));
}

/** false: the row has this policy already. */
export function writePolicy(image: Image, id: number, policy: Policy): boolean {
  return writeWord(image, id * SERVICE_WORDS + POLICY_WORD, packPolicy(policy));
}

export function readPolicy(image: Image, id: number): Policy {
  const word = image.serviceWords[id * SERVICE_WORDS + POLICY_WORD] ?? 0n;
  return { affinitySec: Number(word & 0xffffffffn), flags: Number(word >> 32n) };
}

/** affinity_sec and flags of struct service, which lie side by side. */
export function packPolicy({ affinitySec, flags }: Policy): bigint {
  return BigInt(affinitySec) | (BigInt(flags) << 32n);
}

/** Distinct places that the columns forward to. */
export function columnRanges(image: Image, id: number): readonly SlotRange[] {
  const ranges = new Map<string, SlotRange>();
  for (let index = 0; index < COLUMN_COUNT; index += 1) {
    const { verdict, offset, size } = readColumn(image, id, index);
    if (verdict === Verdict.FORWARD) ranges.set(`${offset}+${size}`, { offset, size });
  }
  return [...ranges.values()];
}

/** How many rows of each array, from the first on, hold what is or was in use. */
export function usedRows(image: Image): Record<'services' | 'slots' | 'backends', number> {
  let services = 0;
  let slots = 0;
  for (const { id, ranges } of image.services.values()) {
    if (id >= services && isServiceId(image, id)) services = id + 1;
    for (const { offset, size } of ranges) if (offset + size > slots) slots = offset + size;
  }
  return { services, slots, backends: image.backends.end };
}

/** A member in one small integer. */
export function packMember(backendId: number, flags: number): number {
  return backendId * 256 + flags;
}

export function unpackMember(packed: number): { readonly backendId: number; readonly flags: number } {
  return { backendId: Math.floor(packed / 256), flags: packed % 256 };
}

/** Ids of backends that a service names, each once. Ids no map can hold are left out. */
export function backendsOf(image: Image, row: Pick<ServiceRow, 'id' | 'ranges' | 'members'>): ReadonlySet<number> {
  if (row.ranges.length === 0 && row.members.length === 0) return NO_BACKENDS;
  const ids = new Set<number>();
  const add = (id: number): void => {
    if (id > 0 && id < image.capacities.backends) ids.add(id);
  };
  for (const { offset, size } of row.ranges) {
    for (let place = offset; place < offset + size; place += 1) add(image.slots[place * 2] ?? 0);
  }
  for (const member of row.members) add(unpackMember(member).backendId);
  return ids;
}

const NO_BACKENDS: ReadonlySet<number> = new Set();

function writeWord(image: Image, at: number, value: bigint): boolean {
  if (at >= image.serviceWords.length || image.serviceWords[at] === value) return false;
  image.serviceWords[at] = value;
  return true;
}
