import { exact } from '../../../model/exact.ts';
import { type Image, unpackMember } from '../image.ts';
import type { Gathered } from './gathered.ts';
import type { Reservation } from './reserve.ts';

/** Members gain flags before any column changes, and lose them after. Returns the row's new members. */
export function programMembers(image: Image, { row, members }: Reservation, gathered: Gathered): readonly number[] {
  if (row.members.length === 0 && members.length === 0) return members; // most Services have none
  const { additions, removals } = gathered;
  const before = flagsById(row.members);
  const after = flagsById(members);
  for (const [backendId, flags] of after) {
    const key = { serviceId: row.id, backendId };
    const known = before.get(backendId);
    const widened = flags | (known ?? 0);
    if (widened !== known) additions.members.push({ kind: 'put', map: 'members', key, value: { flags: widened } });
    if (widened !== flags) removals.members.push({ kind: 'put', map: 'members', key, value: { flags } });
  }
  for (const backendId of before.keys()) {
    if (after.has(backendId)) continue;
    removals.members.push({ kind: 'delete', map: 'members', key: { serviceId: row.id, backendId } });
  }
  image.counts.members += after.size - before.size;
  return exact(members);
}

function flagsById(members: readonly number[]): ReadonlyMap<number, number> {
  return new Map(members.map(unpackMember).map(({ backendId, flags }) => [backendId, flags]));
}
