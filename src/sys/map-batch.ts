import type { BpfMap, MapChunk } from './bpf-map.ts';
import { check, Errno } from './errno.ts';
import { libbpf } from './ffi/library.ts';
import { Struct } from './ffi/struct.ts';

/** Rows per call: 65,536 would block the event loop for 37 ms. */
const WRITE_ROWS = 4096;
const MIN_READ_ROWS = 128;
const READ_BYTES = 262_144;

/** 0, or -errno of the first row refused. */
export function updateRows(map: BpfMap, keys: Uint8Array, values: Uint8Array, count: number): number {
  for (let from = 0; from < count; from += WRITE_ROWS) {
    const rows = Math.min(WRITE_ROWS, count - from);
    const length = new Struct(4).u32(0, rows);
    const keysFrom = keys.subarray(from * map.keySize);
    const valuesFrom = values.subarray(from * map.rowSize);
    let result = libbpf().bpf_map_update_batch(map.fd, keysFrom, valuesFrom, length.bytes, undefined);
    if (isUnsupported(result)) result = updateSingly(map, keysFrom, valuesFrom, rows);
    if (result < 0) return result;
  }
  return 0;
}

/** 0, or -errno of the first row refused; missing keys are passed over. */
export function deleteRows(map: BpfMap, keys: Uint8Array, count: number): number {
  let done = 0;
  while (done < count) {
    const rows = Math.min(WRITE_ROWS, count - done);
    const length = new Struct(4).u32(0, rows);
    const keysFrom = keys.subarray(done * map.keySize);
    const result = libbpf().bpf_map_delete_batch(map.fd, keysFrom, length.bytes, undefined);
    if (isUnsupported(result)) return deleteSingly(map, keysFrom, count - done);
    if (result < 0 && result !== -Errno.ENOENT) return result;
    // The kernel stops at a missing key and says how many were deleted before it.
    done += result === -Errno.ENOENT ? length.readU32(0) + 1 : rows;
  }
  return 0;
}

export function* readRows(map: BpfMap, use: 'keeping' | 'passing'): Generator<MapChunk> {
  let capacity = Math.max(MIN_READ_ROWS, Math.min(WRITE_ROWS, Math.floor(READ_BYTES / map.rowSize)));
  // A hash map's place is a bucket number, an array's is a key.
  const place = new Uint8Array(Math.max(8, map.keySize));
  let keys = new Uint8Array(capacity * map.keySize);
  let values = new Uint8Array(capacity * map.rowSize);
  for (let first = true; ; ) {
    const length = new Struct(4).u32(0, capacity);
    const from = first ? undefined : place;
    const result = libbpf().bpf_map_lookup_batch(map.fd, from, place, keys, values, length.bytes, undefined);
    const isShort = result === -Errno.ENOSPC;
    if (first && isUnsupported(result)) {
      yield* readSingly(map);
      return;
    }
    if (result !== -Errno.ENOENT && !isShort) check(result, 'read map', map.name);
    const count = isShort ? 0 : length.readU32(0);
    if (count > 0) yield chunkOf(map, keys, values, count);
    if (result === -Errno.ENOENT) return;
    if (isShort) capacity *= 2;
    else first = false;
    if (isShort || use === 'keeping') {
      keys = new Uint8Array(capacity * map.keySize);
      values = new Uint8Array(capacity * map.rowSize);
    }
  }
}

function* readSingly(map: BpfMap): Generator<MapChunk> {
  let last: Uint8Array | undefined;
  for (;;) {
    const keys = new Uint8Array(MIN_READ_ROWS * map.keySize);
    const values = new Uint8Array(MIN_READ_ROWS * map.rowSize);
    let count = 0;
    let ended = false;
    while (count < MIN_READ_ROWS && !ended) {
      const key = keys.subarray(count * map.keySize, (count + 1) * map.keySize);
      const result = libbpf().bpf_map_get_next_key(map.fd, last, key);
      ended = result === -Errno.ENOENT;
      if (ended) break;
      check(result, 'read map', map.name);
      last = key.slice();
      const value = map.lookup(key);
      if (value === undefined) continue;
      values.set(value, count * map.rowSize);
      count += 1;
    }
    if (count > 0) yield chunkOf(map, keys, values, count);
    if (ended) return;
  }
}

function chunkOf(map: BpfMap, keys: Uint8Array, values: Uint8Array, count: number): MapChunk {
  return { keys: keys.subarray(0, count * map.keySize), values: values.subarray(0, count * map.rowSize), count };
}

function updateSingly(map: BpfMap, keys: Uint8Array, values: Uint8Array, count: number): number {
  for (let row = 0; row < count; row += 1) {
    const key = keys.subarray(row * map.keySize);
    const result = libbpf().bpf_map_update_elem(map.fd, key, values.subarray(row * map.rowSize), 0);
    if (result < 0) return result;
  }
  return 0;
}

function deleteSingly(map: BpfMap, keys: Uint8Array, count: number): number {
  for (let row = 0; row < count; row += 1) {
    const result = libbpf().bpf_map_delete_elem(map.fd, keys.subarray(row * map.keySize));
    if (result < 0 && result !== -Errno.ENOENT) return result;
  }
  return 0;
}

function isUnsupported(result: number): boolean {
  return result === -Errno.ENOTSUPP || result === -Errno.EOPNOTSUPP || result === -Errno.EINVAL;
}
