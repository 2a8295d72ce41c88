import { ServiceFlag, Verdict } from '../../../abi/generated.ts';
import type { Ip } from '../../../model/ip.ts';
import { placeColumn } from '../columns.ts';
import {
  backendsOf,
  type FrontendRow,
  frontendName,
  type Image,
  readPolicy,
  type ServiceRow,
  writeColumn,
  writePolicy,
} from '../image.ts';
import type { LoweredFrontend } from '../lower.ts';
import type { Gathered } from './gathered.ts';
import { programMembers } from './program-members.ts';
import { programSourceRanges } from './program-source-ranges.ts';
import type { Reservation } from './reserve.ts';
import type { SlotRange } from './slot-ranges.ts';
import { countFrontend } from './vip-users.ts';

/** Moves the image of one service port to what was reserved for it. */
export function program(image: Image, reservation: Reservation, gathered: Gathered): void {
  const { lowered, row: before, fresh } = reservation;
  const { additions } = gathered;
  for (const { id, row } of reservation.backends) {
    if (image.backends.flags(id) !== row.flags) image.backends.set(id, row); // reserve() entered those that are new
    additions.backends.push({ kind: 'store-backend', id, row });
  }
  for (const { range, backendIds } of fresh) {
    backendIds.forEach((backendId, place) => {
      image.slots[(range.offset + place) * 2] = backendId;
      image.slots[(range.offset + place) * 2 + 1] = before.id;
    });
    additions.slots.push({ kind: 'store-slots', serviceId: before.id, offset: range.offset, backendIds });
  }
  const row: ServiceRow = {
    id: before.id,
    name: lowered.key,
    frontends: programFrontends(image, reservation, gathered),
    sourceRanges: programSourceRanges(image, reservation, gathered),
    members: programMembers(image, reservation, gathered),
    ranges: distinct([reservation.places.cluster, reservation.places.local]),
  };
  if (before.name !== row.name) {
    if (before.name === undefined) image.counts.service_names += 1;
    additions.names.push({ kind: 'put', map: 'service_names', key: row.id, value: { name: lowered.key } });
  }
  programPolicy(image, reservation, gathered);
  const oldBackends = backendsOf(image, before);
  programColumns(image, reservation, gathered);
  image.services.set(row.id, row);
  image.idByKey.set(lowered.key, row.id);
  for (const range of before.ranges) {
    if (!row.ranges.some(({ offset }) => offset === range.offset)) image.ranges.release(range, gathered.nowMs);
  }
  countBackends(image, { before: oldBackends, after: backendsOf(image, row) }, gathered.nowMs);
}

/** Counts who names which backend; one that nobody names goes to rest. */
export function countBackends(
  image: Image,
  named: { readonly before: ReadonlySet<number>; readonly after: ReadonlySet<number> },
  nowMs: number,
): void {
  for (const id of named.after) {
    if (named.before.has(id)) continue;
    image.backendRefs[id] = (image.backendRefs[id] ?? 0) + 1;
    image.backendIds.revive(id);
  }
  for (const id of named.before) {
    if (named.after.has(id)) continue;
    const refs = (image.backendRefs[id] ?? 0) - 1;
    image.backendRefs[id] = refs;
    if (refs === 0) image.backendIds.release(id, nowMs);
  }
}

/** An LB VIP that is open from now on must not be while its old frontend stands: that may have been for few. */
function programPolicy(image: Image, { lowered, row }: Reservation, { additions, removals }: Gathered): void {
  const { policy } = lowered;
  const opens = (readPolicy(image, row.id).flags & ~policy.flags & ServiceFlag.RANGES) !== 0;
  if (!writePolicy(image, row.id, policy)) return;
  const writes = opens ? removals.policies : additions.policies;
  writes.push({ kind: 'store-policy', serviceId: row.id, value: policy });
}

function programColumns(image: Image, { lowered, row, places }: Reservation, { additions, removals }: Gathered): void {
  lowered.columns.forEach((lowerColumn, column) => {
    const value = placeColumn(lowerColumn, places);
    if (!writeColumn(image, row.id, column, value)) return;
    // Clients still come by the old frontends until these are gone.
    const writes = value.verdict === Verdict.NONE ? removals.columns : additions.columns;
    writes.push({ kind: 'store-column', serviceId: row.id, column, value });
  });
}

function programFrontends(image: Image, { lowered, row }: Reservation, gathered: Gathered): readonly FrontendRow[] {
  const frontends = lowered.frontends.map((wanted) => programFrontend(image, wanted, { serviceId: row.id, gathered }));
  for (const old of row.frontends) if (!frontends.includes(old)) gathered.dropped.push(old);
  return frontends;
}

function programFrontend(
  image: Image,
  { key, scope }: LoweredFrontend,
  { serviceId, gathered }: { readonly serviceId: number; readonly gathered: Gathered },
): FrontendRow {
  const name = frontendName(key);
  const present = image.frontends.get(name);
  if (present?.serviceId === serviceId && present.scope === scope) return present;
  const frontend: FrontendRow = { key, scope, serviceId };
  image.frontends.set(name, frontend);
  if (present !== undefined) touch(gathered, countFrontend(image, present, -1));
  touch(gathered, countFrontend(image, frontend, 1));
  gathered.additions.frontends.push({ kind: 'put', map: 'frontends', key, value: { serviceId, scope } });
  return frontend;
}

function touch({ touched }: Gathered, vip: Ip | undefined): void {
  if (vip !== undefined) touched.add(vip);
}

function distinct(ranges: readonly (SlotRange | undefined)[]): readonly SlotRange[] {
  const [cluster, local] = ranges;
  if (cluster === undefined) return local === undefined ? [] : [local];
  return local === undefined || local.offset === cluster.offset ? [cluster] : [cluster, local];
}
