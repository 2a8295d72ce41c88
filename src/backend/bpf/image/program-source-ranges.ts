import { exact } from '../../../model/exact.ts';
import type { Image, SourceRangeRow } from '../image.ts';
import type { Gathered } from './gathered.ts';
import type { Reservation } from './reserve.ts';
import { rangeName } from './source-range-name.ts';

/** Allows new sources before any column changes, and refuses old ones after. Returns the row's new ranges. */
export function programSourceRanges(
  image: Image,
  { row, lowered }: Reservation,
  { additions, removals }: Gathered,
): readonly SourceRangeRow[] {
  if (row.sourceRanges.length === 0 && lowered.sourceRanges.length === 0) return row.sourceRanges;
  const before = new Map(row.sourceRanges.map((range) => [rangeName(range), range]));
  const after = new Map(lowered.sourceRanges.map((range) => [rangeName(range), { ...range, allow: 1 }]));
  for (const [name, { prefixlen, addr, allow }] of after) {
    if (before.get(name)?.allow === allow) continue;
    const key = { prefixlen, serviceId: row.id, addr };
    additions.sourceRanges.push({ kind: 'put', map: 'source_ranges', key, value: { allow } });
  }
  for (const [name, { prefixlen, addr }] of before) {
    if (after.has(name)) continue;
    const key = { prefixlen, serviceId: row.id, addr };
    removals.sourceRanges.push({ kind: 'delete', map: 'source_ranges', key });
  }
  image.counts.source_ranges += after.size - before.size;
  return exact([...after.values()]);
}
