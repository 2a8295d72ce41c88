import type { Codec } from '../../abi/codec.ts';
import { Config, maps } from '../../abi/generated.ts';
import { MapFlag } from '../../sys/bpf-constants.ts';
import type { BpfMap } from '../../sys/bpf-map.ts';
import type { BpfObject } from '../../sys/bpf-object.ts';
import type { Write } from './write.ts';

/**
 * The agent's maps in one number: the sum of a hash per row. Whether anybody else wrote to them is then
 * known in milliseconds instead of by a full comparison, and our own writes move it by their rows alone.
 */
export function fingerprint(object: BpfObject): number {
  let sum = configHash(object);
  for (const name of OWN_MAPS) {
    const map = object.map(name);
    sum += map.flags & MapFlag.mmapable ? arraySum(name, map) : hashSum(name, map);
  }
  return sum | 0;
}

/** Rows that writes change, each once. */
export type TouchedRows = ReadonlyMap<string, TouchedRow>;

/** undefined: so many that the whole is read sooner. */
export function touchedRows(writes: readonly Write[]): TouchedRows | undefined {
  if (writes.length > MOST_WRITES) return undefined;
  const rows = new Map<string, TouchedRow>();
  for (const write of writes) for (const row of rowsOf(write)) rows.set(`${row.map} ${row.key.join()}`, row);
  return rows;
}

/** What these rows contribute as they are now. */
export function fingerprintOf(object: BpfObject, rows: TouchedRows): number {
  let sum = 0;
  for (const { map, key } of rows.values()) {
    if (map === 'config') {
      sum += configHash(object);
      continue;
    }
    const value = object.map(map).lookup(key);
    if (value !== undefined) sum += rowHash(map, wordsOf(key), wordsOf(value));
  }
  return sum | 0;
}

/** What the agent alone writes. */
const OWN_MAPS = [
  'vips',
  'frontends',
  'services',
  'slots',
  'backends',
  'members',
  'service_names',
  'source_ranges',
] as const;
type OwnMap = (typeof OWN_MAPS)[number];

interface TouchedRow {
  readonly map: OwnMap | 'config';
  readonly key: Uint8Array;
}

const MOST_WRITES = 512;
/** Words of the config row between those that programs write: local_cidrs up to flags. */
const CONFIG_START = 16 / 4;
const CONFIG_END = (Config.size - 4) / 4;

function rowsOf(write: Write): readonly TouchedRow[] {
  switch (write.kind) {
    case 'store-backend':
      return [{ map: 'backends', key: indexKey(write.id) }];
    case 'store-slots':
      return write.backendIds.map((_, place) => ({ map: 'slots', key: indexKey(write.offset + place) }));
    case 'store-column':
    case 'store-policy':
      return [{ map: 'services', key: indexKey(write.serviceId) }];
    case 'store-config':
      return [{ map: 'config', key: indexKey(0) }];
    case 'drain':
      return [{ map: 'vips', key: maps.vips.key.encode(write.vip) }];
    case 'put':
    case 'delete': {
      if (write.map === 'service_counters' || write.map === 'backend_counters') return [];
      const codec = maps[write.map].key as Codec<unknown>; // of the map that the key is of
      return [{ map: write.map, key: codec.encode(write.key) }];
    }
  }
}

function indexKey(index: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(index).buffer);
}

function configHash(object: BpfObject): number {
  return mix(0, new Uint32Array(object.map('config').mmap()), CONFIG_START, CONFIG_END);
}

/** Rows of zeros are rows that are not there. */
function arraySum(name: OwnMap, map: BpfMap): number {
  const words = new Uint32Array(map.mmap());
  const size = map.valueSize / 4;
  let sum = 0;
  for (let at = 0; at < words.length; at += 1) {
    if (words[at] === 0) continue;
    const index = Math.floor(at / size);
    const end = (index + 1) * size;
    sum = (sum + mix(mixWord(seedOf(name), index), words, index * size, end)) | 0;
    at = end - 1;
  }
  return sum;
}

function hashSum(name: OwnMap, map: BpfMap): number {
  const keySize = map.keySize / 4;
  const valueSize = map.valueSize / 4;
  let sum = 0;
  for (const { keys, values, count } of map.chunks()) {
    const keyWords = wordsOf(keys);
    const valueWords = wordsOf(values);
    for (let row = 0; row < count; row += 1) {
      const key = mix(seedOf(name), keyWords, row * keySize, (row + 1) * keySize);
      sum = (sum + mix(key, valueWords, row * valueSize, (row + 1) * valueSize)) | 0;
    }
  }
  return sum;
}

/** As arraySum and hashSum have it. */
function rowHash(name: OwnMap, key: Uint32Array, value: Uint32Array): number {
  if (ARRAYS.has(name) && value.every((word) => word === 0)) return 0;
  return mix(mix(seedOf(name), key, 0, key.length), value, 0, value.length);
}

const ARRAYS: ReadonlySet<OwnMap> = new Set(['services', 'slots', 'backends']);

function seedOf(name: OwnMap): number {
  return OWN_MAPS.indexOf(name) + 1;
}

/** Every struct of the ABI is made of whole words. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.byteLength / 4));
}

function mix(start: number, words: Uint32Array, from: number, to: number): number {
  let hash = start;
  for (let at = from; at < to; at += 1) hash = mixWord(hash, words[at] ?? 0);
  return hash;
}

function mixWord(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}
