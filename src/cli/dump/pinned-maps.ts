import { join } from 'node:path';
import type { Codec, FieldType } from '../../abi/codec.ts';
import { maps } from '../../abi/generated.ts';
import { listGenerations, mapPin, pinsOf } from '../../backend/bpf/pins.ts';
import { AbiMismatchError, ConfigError } from '../../errors.ts';
import { BpfMap, type MapChunk } from '../../sys/bpf-map.ts';

export type MapName = keyof typeof maps;

export const MAP_NAMES = Object.keys(maps) as readonly MapName[]; // keys of a constant

/** Any of the maps, for whoever prints what its codecs decode as it is. */
export interface AnyMap {
  readonly type: string;
  readonly key: Decoder<unknown>;
  readonly value: Decoder<unknown>;
  readonly keyType: FieldType;
  readonly valueType: FieldType;
}

export type Decoder<T> = Pick<Codec<T>, 'size' | 'decode'>;

/** Opens a pinned map of this build's layout. Throws ConfigError where nothing is pinned, AbiMismatchError for another layout. */
export function openPinnedMap(bpffs: string, name: MapName): BpfMap {
  const pins = pinsOf(bpffs);
  const path = mapPin(pins, name);
  const map = BpfMap.openPinned(path);
  if (map === undefined) return refuseMissing(bpffs, name);
  const { key, value }: AnyMap = maps[name];
  if (map.keySize === key.size && map.valueSize === value.size) return map;
  map[Symbol.dispose]();
  throw new AbiMismatchError({
    target: path,
    wanted: `${key.size} + ${value.size} bytes`,
    found: `${map.keySize} + ${map.valueSize} bytes`,
    cure: `run "bpfsvc cleanup --bpffs ${bpffs}"`,
  });
}

/** Every row of a map, decoded; reads the kernel in chunks as it is asked. */
export function* rowsOf<K, V>(map: BpfMap, codecs: RowCodecs<K, V>): Generator<[K, V]> {
  for (const chunk of map.chunks()) yield* decodeRows(chunk, map, codecs);
}

export interface RowCodecs<K, V> {
  readonly key: Codec<K>;
  readonly value: Codec<V>;
}

export function decodeRows<K, V>(chunk: MapChunk, map: BpfMap, { key, value }: RowCodecs<K, V>): [K, V][] {
  const keys = new DataView(chunk.keys.buffer, chunk.keys.byteOffset, chunk.keys.byteLength);
  const values = new DataView(chunk.values.buffer, chunk.values.byteOffset, chunk.values.byteLength);
  return Array.from({ length: chunk.count }, (_, index) => [
    key.decodeFrom(keys, index * key.size),
    value.decodeFrom(values, index * map.rowSize),
  ]);
}

/** The values of a per-CPU map's row, one for each possible CPU. */
export function cpuValues<V>(row: Uint8Array, map: BpfMap, value: Decoder<V>): V[] {
  const stride = map.rowSize / map.possibleCpus;
  return Array.from({ length: map.possibleCpus }, (_, cpu) => value.decode(row, cpu * stride));
}

function refuseMissing(bpffs: string, name: MapName): never {
  const own = pinsOf(bpffs);
  const other = listGenerations(bpffs).find(({ generation }) => generation !== own.generation);
  if (other !== undefined) {
    throw new AbiMismatchError({
      target: join(bpffs, other.generation),
      wanted: own.generation,
      found: other.generation,
      cure: 'dump it with the version that made it',
    });
  }
  throw new ConfigError(
    `Cannot dump map "${name}": nothing is pinned in "${own.maps}": start "bpfsvc run", or name its folder with --bpffs`,
  );
}
