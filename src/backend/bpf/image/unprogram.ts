import { EMPTY_COLUMN } from '../../../abi/column.ts';
import { backendsOf, COLUMN_COUNT, type Image, isServiceId, unpackMember, writeColumn, writePolicy } from '../image.ts';
import type { Gathered } from './gathered.ts';
import { countBackends } from './program.ts';

/** Takes a service out of the image, whole or half-written. */
export function unprogram(image: Image, serviceId: number, { removals, dropped, nowMs }: Gathered): void {
  const row = image.services.get(serviceId);
  if (row === undefined) return;
  dropped.push(...row.frontends);
  countBackends(image, { before: backendsOf(image, row), after: new Set() }, nowMs);
  for (let column = 0; column < COLUMN_COUNT; column += 1) {
    if (!writeColumn(image, serviceId, column, EMPTY_COLUMN)) continue;
    removals.columns.push({ kind: 'store-column', serviceId, column, value: EMPTY_COLUMN });
  }
  for (const { backendId } of row.members.map(unpackMember)) {
    removals.members.push({ kind: 'delete', map: 'members', key: { serviceId, backendId } });
  }
  for (const { prefixlen, addr } of row.sourceRanges) {
    removals.sourceRanges.push({ kind: 'delete', map: 'source_ranges', key: { prefixlen, serviceId, addr } });
  }
  if (row.name !== undefined) removals.names.push({ kind: 'delete', map: 'service_names', key: serviceId });
  if (writePolicy(image, serviceId, NO_POLICY)) {
    removals.policies.push({ kind: 'store-policy', serviceId, value: NO_POLICY });
  }
  image.counts.members -= row.members.length;
  image.counts.source_ranges -= row.sourceRanges.length;
  if (row.name !== undefined) image.counts.service_names -= 1;
  for (const range of row.ranges) image.ranges.release(range, nowMs);
  image.services.delete(serviceId);
  if (row.name !== undefined && image.idByKey.get(row.name) === serviceId) image.idByKey.delete(row.name);
  if (isServiceId(image, serviceId)) image.serviceIds.release(serviceId, nowMs);
}

const NO_POLICY = { affinitySec: 0, flags: 0 };
