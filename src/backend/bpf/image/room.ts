import { ServiceName } from '../../../abi/generated.ts';
import type { Ip } from '../../../model/ip.ts';
import { frontendName, type Image, type ServiceRow, unpackMember } from '../image.ts';
import type { LoweredService } from '../lower.ts';
import { describeFull } from './full-map.ts';
import { rangeName } from './source-range-name.ts';
import { needsVip } from './vip-users.ts';

const COUNTED_MAPS = ['frontends', 'vips', 'members', 'service_names', 'source_ranges'] as const;

type CountedMap = (typeof COUNTED_MAPS)[number];
type Counts = Readonly<Record<CountedMap, number>>;

/** Why the hash maps have no room for these service ports, in words; ids and places are not looked at. */
export function findShortage(image: Image, services: readonly LoweredService[]): string | undefined {
  if (!services.every(({ key }) => fitsName(key))) return `Its name is longer than ${ServiceName.size - 1} bytes`;
  // Which rows are there already takes many look-ups, and is asked only where it matters.
  const most = mostRows(services);
  if (COUNTED_MAPS.every((map) => most <= freeRows(image, map))) return undefined;
  const needed = newRows(image, services);
  const full = COUNTED_MAPS.find((map) => needed[map] > freeRows(image, map));
  return full && describeFull(image, full, { needed: needed[full], room: freeRows(image, full) });
}

function freeRows({ counts, frontends, vips, capacities }: Image, map: CountedMap): number {
  switch (map) {
    case 'frontends':
      return capacities.frontends - frontends.size;
    case 'vips':
      return capacities.vips - vips.size;
    case 'members':
    case 'service_names':
    case 'source_ranges':
      return capacities[map] - counts[map];
  }
}

/** No map needs more new rows than these. */
function mostRows(services: readonly LoweredService[]): number {
  let most = services.length;
  for (const { frontends, members, sourceRanges } of services) {
    most += frontends.length + members.length + sourceRanges.length;
  }
  return most;
}

function newRows(image: Image, services: readonly LoweredService[]): Counts {
  const needed = { frontends: 0, members: 0, service_names: 0, source_ranges: 0 };
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
  return { ...needed, vips: vips.size };
}

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
