import type { Codec } from '../../abi/codec.ts';
import { ConfigFlag, maps } from '../../abi/generated.ts';
import type { BpfObject } from '../../sys/bpf-object.ts';
import { PLANNED_BYTES } from './image/config-row.ts';
import type { Write } from './write.ts';

/** Maps without an image of their bytes, which the agent alone writes; of config the part that it does. */
export const HASHED_MAPS = ['config', 'vips', 'frontends', 'members', 'service_names', 'source_ranges'] as const;
export type HashedMap = (typeof HASHED_MAPS)[number];

/**
 * A map in one number: the sum of a hash per row. Whether anybody else wrote to it is then known without a look at
 * what each row means, and our own writes move it by their rows alone. Yields after every few hundred rows.
 */
export function* hashMap(object: BpfObject, name: HashedMap): Generator<undefined, number> {
  if (name === 'config') return configHash(object);
  const map = object.map(name);
  const keySize = map.keySize / 4;
  const valueSize = map.valueSize / 4;
  let sum = 0;
  for (const { keys, values, count } of map.chunks('passing')) {
    const keyWords = wordsOf(keys);
    const valueWords = wordsOf(values);
    for (let row = 0; row < count; row += 1) {
      const key = mix(0, keyWords, row * keySize, (row + 1) * keySize);
      sum = (sum + mix(key, valueWords, row * valueSize, (row + 1) * valueSize)) | 0;
    }
    yield;
  }
  return sum;
}

/** hashMap without a pause. */
export function hashWholeMap(object: BpfObject, name: HashedMap): number {
  const hashing = hashMap(object, name);
  for (;;) {
    const step = hashing.next();
    if (step.done === true) return step.value;
  }
}

/** Rows that writes change, each once. */
export type TouchedRows = ReadonlyMap<string, TouchedRow>;

/** undefined: so many that whole maps are read sooner. */
export function touchedRows(writes: readonly Write[]): TouchedRows | undefined {
  const rows = new Map<string, TouchedRow>();
  for (const write of writes) {
    const row = rowOf(write);
    if (row !== undefined) rows.set(`${row.map} ${row.key.join()}`, row);
    if (rows.size > MOST_ROWS) return undefined;
  }
  return rows;
}

/** What these rows contribute to their maps' sums as they are now. */
export function hashRows(object: BpfObject, rows: TouchedRows): ReadonlyMap<HashedMap, number> {
  const sums = new Map<HashedMap, number>();
  for (const { map, key } of rows.values()) sums.set(map, ((sums.get(map) ?? 0) + hashRow(object, map, key)) | 0);
  return sums;
}

interface TouchedRow {
  readonly map: HashedMap;
  readonly key: Uint8Array;
}

const MOST_ROWS = 512;
/** Words of the config row between those that programs write: local_cidrs up to the last one, flags. */
const CONFIG_START = PLANNED_BYTES.from / 4;
const FLAGS_AT = PLANNED_BYTES.to / 4 - 1;

/** undefined: a row of no hashed map. */
function rowOf(write: Write): TouchedRow | undefined {
  switch (write.kind) {
    case 'store-backend':
    case 'store-slots':
    case 'store-column':
    case 'store-policy':
      return undefined;
    case 'store-config':
      return { map: 'config', key: new Uint8Array(4) };
    case 'delete-stray':
      return { map: 'frontends', key: write.key };
    case 'drain':
      return { map: 'vips', key: maps.vips.key.encode(write.vip) };
    case 'put':
    case 'delete': {
      if (write.map === 'service_counters' || write.map === 'backend_counters') return undefined;
      const codec = maps[write.map].key as Codec<unknown>; // of the map that the key is of
      return { map: write.map, key: codec.encode(write.key) };
    }
  }
}

function hashRow(object: BpfObject, name: HashedMap, key: Uint8Array): number {
  if (name === 'config') return configHash(object);
  const value = object.map(name).lookup(key);
  if (value === undefined) return 0;
  const [keyWords, valueWords] = [wordsOf(key), wordsOf(value)];
  return mix(mix(0, keyWords, 0, keyWords.length), valueWords, 0, valueWords.length);
}

function configHash(object: BpfObject): number {
  const words = new Int32Array(object.map('config').mmap());
  const planned = (words[FLAGS_AT] ?? 0) & ~ConfigFlag.COEXIST;
  return mix(mix(0, words, CONFIG_START, FLAGS_AT), Int32Array.of(planned), 0, 1);
}

/** Every struct of the ABI is made of whole words; signed ones make no garbage in V8. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.byteLength / 4));
}

function mix(start: number, words: Int32Array, from: number, to: number): number {
  let hash = start;
  for (let at = from; at < to; at += 1) {
    const product = Math.imul(hash ^ (words[at] ?? 0), 0x9e3779b1);
    hash = product ^ (product >>> 15);
  }
  return hash;
}
