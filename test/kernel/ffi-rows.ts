import { MapFlag, MapType } from '../../src/sys/bpf-constants.ts';
import type { BpfMap, MapSpec } from '../../src/sys/bpf-map.ts';

export const HASH: MapSpec = {
  name: 'contract_hash',
  type: MapType.hash,
  keySize: 4,
  valueSize: 12,
  maxEntries: 16,
  flags: 0,
};
export const ARRAY: MapSpec = {
  name: 'contract_array',
  type: MapType.array,
  keySize: 4,
  valueSize: 8,
  maxEntries: 8,
  flags: MapFlag.mmapable,
};

export function u32(number: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(number).buffer);
}

/** A value of 12 bytes that begins with `number`. */
export function value(number: number): Uint8Array {
  const bytes = new Uint8Array(12);
  bytes.set(u32(number));
  return bytes;
}

/** Rows 0..count-1 of HASH: key and value begin with the row's number; a longer key is an LPM prefix. */
export function rowsOf(count: number, keySize = 4): { keys: Uint8Array; values: Uint8Array } {
  const keys = new Uint8Array(count * keySize);
  const values = new Uint8Array(count * 12);
  for (let row = 0; row < count; row += 1) {
    if (keySize === 8) keys.set(u32(32), row * keySize);
    keys.set(u32(row), (row + 1) * keySize - 4);
    values.set(value(row), row * 12);
  }
  return { keys, values };
}

/** The first words of each row's value, by the last word of its key. */
export function readAll(map: BpfMap): Map<number, number> {
  const rows = new Map<number, number>();
  for (const { keys, values, count } of map.chunks()) {
    for (let row = 0; row < count; row += 1) {
      rows.set(wordAt(keys, (row + 1) * map.keySize - 4), wordAt(values, row * map.rowSize));
    }
  }
  return rows;
}

export function rowAt(values: Uint8Array, row: number, map: BpfMap): Uint8Array {
  return values.slice(row * map.rowSize, (row + 1) * map.rowSize);
}

function wordAt(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, true);
}
