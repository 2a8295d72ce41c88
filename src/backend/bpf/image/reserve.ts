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
  readonly newBackends: readonly number[];
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
  if (id === undefined) return full('services', 1, 0);
  const row = image.services.get(id) ?? {
    id,
    name: undefined,
    frontends: [],
    sourceRanges: [],
    members: [],
    ranges: [],
  };
  if (!image.services.has(id)) taken.serviceIds.push(id);
  const known = taken.backendIds.length;
  const place = (rows: readonly Backend[]): readonly number[] | undefined => takeBackends(image, rows, taken);
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
      return full('slots', ids.length, image.ranges.longest, ' side by side');
  }
  const members = memberIds.map((backendId, index) => packMember(backendId, lowered.members[index]?.flags ?? 0));
  members.sort((left, right) => left - right);
  return { lowered, row, places, fresh, newBackends: taken.backendIds.slice(known), members };
}

function takeBackends(image: Image, rows: readonly Backend[], taken: Taken): readonly number[] | undefined {
  const ids: number[] = [];
  for (const row of rows) {
    let id = image.backends.find(row);
    if (id === undefined) {
      id = image.backendIds.take();
      if (id === undefined) return undefined;
      image.backends.set(id, row);
      taken.backendIds.push(id);
    }
    ids.push(id);
  }
  return ids;
}

/** A range of this service that serves this set already. */
function presentRange(
  image: Image,
  row: ServiceRow,
  wanted: { readonly set: SetName; readonly ids: readonly number[] },
): SlotRange | undefined {
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
  const vips = new Set<Ip>();
  const needed = { frontends: 0, members: 0, service_names: 0, source_ranges: 0 };
  for (const { key, frontends, members, sourceRanges } of services) {
    if (utf8Bytes(key) >= ServiceName.size) return `Its name is longer than ${ServiceName.size - 1} bytes`;
    const row = image.services.get(image.idByKey.get(key) ?? -1);
    if (row?.name === undefined) needed.service_names += 1;
    for (const frontend of frontends) {
      if (!image.frontends.has(frontendName(frontend.key))) needed.frontends += 1;
      const { addr } = frontend.key;
      if (needsVip(addr) && !image.vips.has(addr)) vips.add(addr);
    }
    const memberIds = new Set(row?.members.map((member) => unpackMember(member).backendId));
    needed.members += members.filter((member) => !memberIds.has(image.backends.find(member.row) ?? 0)).length;
    const rangeNames = new Set(row?.sourceRanges.map(rangeName));
    needed.source_ranges += sourceRanges.filter((range) => !rangeNames.has(rangeName(range))).length;
  }
  const held = { ...image.counts, frontends: image.frontends.size, vips: image.vips.size };
  for (const [map, rows] of Object.entries({ ...needed, vips: vips.size })) {
    const name = map as keyof typeof held; // the keys of the object above
    const room = image.capacities[name] - held[name];
    if (rows > room) return full(name, rows, room);
  }
  return undefined;
}

function describeBackends(image: Image, lowered: LoweredService, taken: Taken): string {
  const rows = [...lowered.sets.cluster, ...lowered.sets.local, ...lowered.members.map((member) => member.row)];
  const missing = new Set(rows.filter((row) => image.backends.find(row) === undefined).map(frontendNameOf));
  return full('backends', taken.backendIds.length + missing.size, taken.backendIds.length);
}

function frontendNameOf({ addr, port, proto }: Backend): string {
  return frontendName({ addr, port, proto });
}

function full(map: string, needed: number, room: number, how = ''): string {
  return `Map "${map}" is full: ${needed} more rows${how} are needed, it has room for ${room}`;
}

function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
