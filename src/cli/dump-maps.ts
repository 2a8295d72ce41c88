import { maps } from '../abi/generated.ts';
import { ConfigError } from '../errors.ts';
import type { BpfMap, MapChunk } from '../sys/bpf-map.ts';
import type { Context } from './context.ts';
import { createEntryText, type MapEntry } from './dump/entry-text.ts';
import { type AnyMap, cpuValues, MAP_NAMES, type MapName, openPinnedMap } from './dump/pinned-maps.ts';
import { type Plain, sumValues, toPlain } from './dump/plain-value.ts';
import type { DumpMapsOptions } from './dump-options.ts';

/** Prints every row of the pinned maps, chunk by chunk. Of arrays, only rows that were ever written. */
export async function dumpMaps(options: DumpMapsOptions, { print }: Context): Promise<void> {
  const text = createEntryText(options.output);
  for (const name of selectMaps(options.names)) {
    using map = openPinnedMap(options.bpffs, name);
    const description: AnyMap = maps[name];
    const { type } = description;
    await print(text.map({ name, type, maxEntries: map.maxEntries }));
    for (const chunk of map.chunks()) {
      const entries = readEntries(chunk, { map, description, perCpu: options.perCpu });
      await print(entries.map((entry) => text.entry(entry)).join(''));
    }
    await print(text.endOfMap());
  }
  await print(text.end());
}

function selectMaps(names: readonly string[]): readonly MapName[] {
  const unknown = names.filter((name) => !MAP_NAMES.some((known) => known === name));
  if (unknown.length > 0) {
    throw new ConfigError(`Cannot dump "${unknown.join('", "')}": there is no such map: use ${MAP_NAMES.join(', ')}`);
  }
  return names.length === 0 ? MAP_NAMES : MAP_NAMES.filter((name) => names.includes(name));
}

function readEntries(chunk: MapChunk, row: RowReader): MapEntry[] {
  const { map, description } = row;
  const entries: MapEntry[] = [];
  for (let index = 0; index < chunk.count; index += 1) {
    const value = chunk.values.subarray(index * map.rowSize, (index + 1) * map.rowSize);
    if (description.type.endsWith('array') && value.every((byte) => byte === 0)) continue;
    const key = toPlain(description.keyType, description.key.decode(chunk.keys, index * map.keySize));
    entries.push({ key, ...readValue(value, row) });
  }
  return entries;
}

interface RowReader {
  readonly map: BpfMap;
  readonly description: AnyMap;
  readonly perCpu: boolean;
}

function readValue(bytes: Uint8Array, { map, description, perCpu }: RowReader): Omit<MapEntry, 'key'> {
  const plain = (value: unknown): Plain => toPlain(description.valueType, value);
  if (!map.perCpu) return { value: plain(description.value.decode(bytes)) };
  const values = cpuValues(bytes, map, description.value);
  const value = plain(sumValues(values));
  return perCpu ? { value, perCpu: values.map(plain) } : { value };
}
