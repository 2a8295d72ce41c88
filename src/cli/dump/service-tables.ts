import type { Backend, Counters, Frontend, FrontendKey, Member, Service, Slot } from '../../abi/generated.ts';
import { maps } from '../../abi/generated.ts';
import { familyOf, type Ip } from '../../model/ip.ts';
import { cpuValues, type MapName, openPinnedMap, type RowCodecs, rowsOf } from './pinned-maps.ts';
import { sumValues } from './plain-value.ts';
import { readServiceNames } from './service-names.ts';

/** The maps that a view of the services joins, by service id or backend id. */
export interface ServiceTables {
  readonly names: ReadonlyMap<number, string>;
  readonly frontends: ReadonlyMap<number, readonly (Frontend & FrontendKey)[]>;
  readonly members: ReadonlyMap<number, readonly (Member & { readonly backendId: number })[]>;
  /** CIDRs as text. */
  readonly sourceRanges: ReadonlyMap<number, readonly string[]>;
  readonly serviceCounters: ReadonlyMap<number, Counters>;
  readonly backendCounters: ReadonlyMap<number, Counters>;
  readonly service: (id: number) => Service;
  readonly slot: (index: number) => Slot;
  readonly backend: (id: number) => Backend;
}

/** Reads them from the pinned maps; the three arrays as they are at each call until `dispose`. */
export function readServiceTables(bpffs: string): ServiceTables & Disposable {
  const arrays = {
    services: openPinnedMap(bpffs, 'services'),
    slots: openPinnedMap(bpffs, 'slots'),
    backends: openPinnedMap(bpffs, 'backends'),
  };
  const views = {
    services: new DataView(arrays.services.mmap()),
    slots: new DataView(arrays.slots.mmap()),
    backends: new DataView(arrays.backends.mmap()),
  };
  return {
    names: readServiceNames(bpffs),
    frontends: groupRows(bpffs, maps.frontends, (key, value) => [value.serviceId, { ...key, ...value }]),
    members: groupRows(bpffs, maps.members, (key, { flags }) => [key.serviceId, { flags, backendId: key.backendId }]),
    sourceRanges: groupRows(bpffs, maps.source_ranges, (key) => [key.serviceId, formatRange(key.addr, key.prefixlen)]),
    serviceCounters: readCounters(bpffs, 'service_counters'),
    backendCounters: readCounters(bpffs, 'backend_counters'),
    service: (id) => maps.services.value.decodeFrom(views.services, id * maps.services.value.size),
    slot: (index) => maps.slots.value.decodeFrom(views.slots, index * maps.slots.value.size),
    backend: (id) => maps.backends.value.decodeFrom(views.backends, id * maps.backends.value.size),
    [Symbol.dispose]() {
      for (const map of Object.values(arrays)) map[Symbol.dispose]();
    },
  };
}

/** What `entry` makes of each row, by the id that it gives. */
function groupRows<K, V, T>(
  bpffs: string,
  map: RowCodecs<K, V> & { readonly name: MapName },
  entry: (key: K, value: V) => readonly [number, T],
): ReadonlyMap<number, readonly T[]> {
  using pinned = openPinnedMap(bpffs, map.name);
  const groups = new Map<number, T[]>();
  for (const [key, value] of rowsOf(pinned, map)) {
    const [id, item] = entry(key, value);
    const known = groups.get(id);
    if (known === undefined) groups.set(id, [item]);
    else known.push(item);
  }
  return groups;
}

function readCounters(bpffs: string, name: 'service_counters' | 'backend_counters'): ReadonlyMap<number, Counters> {
  const { key, value } = maps[name];
  using map = openPinnedMap(bpffs, name);
  const counters = new Map<number, Counters>();
  for (const { keys, values, count } of map.chunks()) {
    for (let index = 0; index < count; index += 1) {
      const row = values.subarray(index * map.rowSize, (index + 1) * map.rowSize);
      const sum = sumValues(cpuValues(row, map, value)) as Counters; // the sum of structs has their shape
      counters.set(key.decode(keys, index * map.keySize), sum);
    }
  }
  return counters;
}

/** The first 32 bits of a prefix are the service id; IPv4 lies in the last 32 of 128. */
function formatRange(addr: Ip, prefixlen: number): string {
  return `${addr}/${prefixlen - 32 - (familyOf(addr) === 'IPv4' ? 96 : 0)}`;
}
