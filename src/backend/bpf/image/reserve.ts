import { type Backend, ColumnFlag, Verdict } from '../../../abi/generated.ts';
import type { SetName } from '../columns.ts';
import { COLUMN_COUNT, frontendName, type Image, packMember, readColumn, type ServiceRow } from '../image.ts';
import type { LoweredService } from '../lower.ts';
import { describeFull } from './full-map.ts';
import { findShortage } from './room.ts';
import type { SlotRange } from './slot-ranges.ts';

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
  const shortage = findShortage(image, services);
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

function describeBackends(image: Image, lowered: LoweredService, taken: Taken): string {
  const rows = [...lowered.sets.cluster, ...lowered.sets.local, ...lowered.members.map((member) => member.row)];
  const room = taken.backendIds.length;
  const missing = new Set(rows.filter((row) => image.backends.find(row) === undefined).map(frontendNameOf));
  return describeFull(image, 'backends', { needed: room + missing.size, room });
}

function frontendNameOf({ addr, port, proto }: Backend): string {
  return frontendName({ addr, port, proto });
}
