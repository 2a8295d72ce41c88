import { type Backend, ColumnFlag, ServiceName, Verdict } from '../../../abi/generated.ts';
import type { Ip } from '../../../model/ip.ts';
import type { SetName } from '../columns.ts';
import {
  COLUMN_COUNT,
  frontendName,
  type Image,
  packMember,
  readColumn,
  type ServiceRow,
  unpackMember,
} from '../image.ts';
import type { LoweredService } from '../lower.ts';
import { describeFull } from './full-map.ts';
import type { SlotRange } from './slot-ranges.ts';
import { rangeName } from './source-range-name.ts';
import { needsVip } from './vip-users.ts';

/** All that a service port needs: ids and places taken, nothing written. */
export interface Reservation {
  readonly lowered: LoweredService;
  /** What there is of it; an empty row for a new one. */
  readonly row: ServiceRow;
  readonly places: Readonly<Record<SetName, SlotRange | undefined>>;
  /** Places to be filled. */
  readonly fresh: readonly { readonly range: SlotRange; readonly backendIds: readonly number[] }[];
  /** Rows that are new, or gain flags. */
  readonly backends: readonly { readonly id: number; readonly row: Backend }[];
  /** As ServiceRow has them. */
  readonly members: readonly number[];
}

export type Reserved =
  | { readonly ok: true; readonly reservations: readonly Reservation[] }
  | { readonly ok: false; readonly reason: string };

/** Takes what the ports of one Service need, or nothing and the reason. */
export function reserve(image: Image, services: readonly LoweredService[]): Reserved {
  const shortage = findFullMap(image, services);
  if (shortage !== undefined) return { ok: false, reason: shortage };
  const reservations: Reservation[] = [];
  const taken: Taken = { serviceIds: [], backendIds: [], ranges: [] };
  for (const lowered of services) {
    const reservation = reserveOne(image, lowered, taken);
    if (typeof reservation === 'string') {
      giveBack(image, taken);
      return { ok: false, reason: reservation };
    }
    reservations.push(reservation);
  }
  return { ok: true, reservations };
}

interface Taken {
  readonly serviceIds: number[];
  readonly backendIds: number[];
  readonly ranges: SlotRange[];
}

function giveBack(image: Image, taken: Taken): void {
  for (const id of taken.serviceIds) image.serviceIds.giveBack(id);
  for (const id of taken.backendIds) {
    image.backends.clear(id);
    image.backendIds.giveBack(id);
  }
  for (const range of taken.ranges) image.ranges.giveBack(range);
}

function reserveOne(image: Image, lowered: LoweredService, taken: Taken): Reservation | string {
  const id = image.idByKey.get(lowered.key) ?? image.serviceIds.take();
  if (id === undefined) return describeFull(image, 'services', { needed: 1, room: 0 });
  const row = image.services.get(id) ?? {
    id,
    name: undefined,
    frontends: [],
    sourceRanges: [],
    members: [],
    ranges: [],
  };
  if (!image.services.has(id)) taken.serviceIds.push(id);
  const backends: { id: number; row: Backend }[] = [];
  const place = (rows: readonly Backend[]): readonly number[] | undefined =>
    takeBackends(image, rows, { taken, backends });
  const cluster = place(lowered.sets.cluster);
  const local = place(lowered.sets.local);
  const memberIds = place(lowered.members.map((member) => member.row));
  if (cluster === undefined || local === undefined || memberIds === undefined)
    return describeBackends(image, lowered, taken);

  const fresh: { range: SlotRange; backendIds: readonly number[] }[] = [];
  const placeSet = (set: SetName, ids: readonly number[]): SlotRange | undefined => {
    if (ids.length === 0) return undefined;
    const present = presentRange(image, row, { set, ids });
    if (present !== undefined) return present;
    const range = image.ranges.allocate(ids.length);
    if (range === undefined) return undefined;
    taken.ranges.push(range);
    fresh.push({ range, backendIds: ids });
    return range;
  };
  const places = { cluster: placeSet('cluster', cluster), local: placeSet('local', local) };
  for (const [set, ids] of [
    ['cluster', cluster],
    ['local', local],
  ] as const) {
    if (ids.length > 0 && places[set] === undefined)
      return describeFull(image, 'slots', { needed: ids.length, room: image.ranges.longest });
  }
  const members = memberIds.map((backendId, index) => packMember(backendId, lowered.members[index]?.flags ?? 0));
  members.sort((left, right) => left - right);
  return { lowered, row, places, fresh, backends, members };
}

function takeBackends(
  image: Image,
  rows: readonly Backend[],
  { taken, backends }: { readonly taken: Taken; readonly backends: { id: number; row: Backend }[] },
): readonly number[] | undefined {
  const ids: number[] = [];
  for (const row of rows) {
    const known = image.backends.find(row);
    const id = known ?? image.backendIds.take();
    if (id === undefined) return undefined;
    ids.push(id);
    if (known === undefined) {
      image.backends.set(id, row);
      taken.backendIds.push(id);
      backends.push({ id, row });
      continue;
    }
    // Services may know different things of one backend: a flag stays while the id lives.
    const flags = image.backends.flags(id);
    if ((row.flags & ~flags) !== 0) backends.push({ id, row: { ...row, flags: flags | row.flags } });
  }
  return ids;
}

/** A range of this service that serves this set already. */
function presentRange(
  image: Image,
  row: ServiceRow,
  wanted: { readonly set: SetName; readonly ids: readonly number[] },
): SlotRange | undefined {
  if (row.ranges.length === 0) return undefined;
  for (let index = 0; index < COLUMN_COUNT; index += 1) {
    const { verdict, flags, offset, size } = readColumn(image, row.id, index);
    const isOfSet = verdict === Verdict.FORWARD && ((flags & ColumnFlag.LOCAL) !== 0) === (wanted.set === 'local');
    if (!isOfSet || size !== wanted.ids.length) continue;
    const range = row.ranges.find((own) => own.offset === offset && own.size === size);
    const holds = wanted.ids.every(
      (id, place) => image.slots[(offset + place) * 2] === id && image.slots[(offset + place) * 2 + 1] === row.id,
    );
    if (range !== undefined && holds) return range;
  }
  return undefined;
}

/** The first map that has no room for the rows of these service ports, in words. */
function findFullMap(image: Image, services: readonly LoweredService[]): string | undefined {
  for (const { key } of services) {
    if (!fitsName(key)) return `Its name is longer than ${ServiceName.size - 1} bytes`;
  }
  const room = roomOf(image);
  return fitsAnyway(services, room) ? undefined : findShortage(image, services, room);
}

type CountedMap = (typeof COUNTED_MAPS)[number];
type Counts = Readonly<Record<CountedMap, number>>;

function roomOf({ counts, frontends, vips, capacities }: Image): Counts {
  return {
    frontends: capacities.frontends - frontends.size,
    vips: capacities.vips - vips.size,
    members: capacities.members - counts.members,
    service_names: capacities.service_names - counts.service_names,
    source_ranges: capacities.source_ranges - counts.source_ranges,
  };
}

/** Whether they fit even if they had no row yet: that is counted in no time. */
function fitsAnyway(services: readonly LoweredService[], room: Counts): boolean {
  const sum = (rows: (lowered: LoweredService) => number): number =>
    services.reduce((total, lowered) => total + rows(lowered), 0);
  const frontends = sum((lowered) => lowered.frontends.length);
  return (
    services.length <= room.service_names &&
    frontends <= Math.min(room.frontends, room.vips) &&
    sum(({ members }) => members.length) <= room.members &&
    sum(({ sourceRanges }) => sourceRanges.length) <= room.source_ranges
  );
}

function findShortage(image: Image, services: readonly LoweredService[], room: Counts): string | undefined {
  const needed = { frontends: 0, vips: 0, members: 0, service_names: 0, source_ranges: 0 };
  const vips = new Set<Ip>();
  for (const lowered of services) {
    const row = image.services.get(image.idByKey.get(lowered.key) ?? -1);
    if (row?.name === undefined) needed.service_names += 1;
    for (const { key } of lowered.frontends) {
      if (!image.frontends.has(frontendName(key))) needed.frontends += 1;
      if (needsVip(key.addr) && !image.vips.has(key.addr)) vips.add(key.addr);
    }
    needed.members += countNewMembers(image, row, lowered);
    needed.source_ranges += countNewRanges(row, lowered);
  }
  needed.vips = vips.size;
  const full = COUNTED_MAPS.find((map) => needed[map] > room[map]);
  return full && describeFull(image, full, { needed: needed[full], room: room[full] });
}

const COUNTED_MAPS = ['frontends', 'vips', 'members', 'service_names', 'source_ranges'] as const;

function countNewMembers(image: Image, row: ServiceRow | undefined, { members }: LoweredService): number {
  if (row === undefined || row.members.length === 0) return members.length;
  const ids = new Set(row.members.map((member) => unpackMember(member).backendId));
  return members.filter((member) => !ids.has(image.backends.find(member.row) ?? 0)).length;
}

function countNewRanges(row: ServiceRow | undefined, { sourceRanges }: LoweredService): number {
  if (row === undefined || row.sourceRanges.length === 0) return sourceRanges.length;
  const names = new Set(row.sourceRanges.map(rangeName));
  return sourceRanges.filter((range) => !names.has(rangeName(range))).length;
}

function describeBackends(image: Image, lowered: LoweredService, taken: Taken): string {
  const rows = [...lowered.sets.cluster, ...lowered.sets.local, ...lowered.members.map((member) => member.row)];
  const room = taken.backendIds.length;
  const missing = new Set(rows.filter((row) => image.backends.find(row) === undefined).map(frontendNameOf));
  return describeFull(image, 'backends', { needed: room + missing.size, room });
}

function frontendNameOf({ addr, port, proto }: Backend): string {
  return frontendName({ addr, port, proto });
}

function fitsName(name: string): boolean {
  return name.length * LONGEST_CHARACTER < ServiceName.size || utf8Bytes(name) < ServiceName.size;
}

const LONGEST_CHARACTER = 3; // bytes of UTF-8 for one unit of a string

function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
