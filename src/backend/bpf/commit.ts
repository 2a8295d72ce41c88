import type { Codec } from '../../abi/codec.ts';
import { packColumn } from '../../abi/column.ts';
import { Backend, maps } from '../../abi/generated.ts';
import { configWords } from './config-words.ts';
import { storeConfig } from './image/config-row.ts';
import { COLUMN_COUNT, packPolicy, SERVICE_WORDS } from './image.ts';
import type { HashRows, KernelMaps } from './kernel-maps.ts';
import type { Delete, Put, Write } from './write.ts';

/**
 * Does the first `limit` writes, in order; neighbours of one map go as a batch. Returns how many were done.
 * Throws SysError where the kernel refuses: what it holds then must be observed again.
 */
export function commit(writes: readonly Write[], kernel: KernelMaps, limit = writes.length): number {
  const end = Math.min(limit, writes.length);
  const memory = openMemory(kernel);
  for (let from = 0; from < end; ) {
    const first = writes[from];
    let to = from + 1;
    while (to < end && to - from < LONGEST_BATCH && goTogether(first, writes[to])) to += 1;
    if (first?.kind === 'put' || first?.kind === 'delete') commitBatch(first, writes.slice(from, to), kernel);
    else if (first !== undefined) commitOne(first, memory);
    from = to;
  }
  return end;
}

/** In one call. */
function goTogether(first: Write | undefined, other: Write | undefined): boolean {
  if (first?.kind === 'put') return other?.kind === 'put' && other.map === first.map;
  return first?.kind === 'delete' && other?.kind === 'delete' && other.map === first.map;
}

/** The arrays, seen as what is stored in them; who stores maps the place first. */
interface Memory {
  readonly kernel: KernelMaps;
  readonly backends: DataView;
  readonly slots: Uint32Array;
  readonly services: BigUint64Array;
  readonly config: Uint8Array;
}

function openMemory(kernel: KernelMaps): Memory {
  return {
    kernel,
    backends: new DataView(kernel.backends.mmap(0, 0)),
    slots: new Uint32Array(kernel.slots.mmap(0, 0)),
    services: new BigUint64Array(kernel.services.mmap(0, 0)),
    config: new Uint8Array(kernel.config.mmap()),
  };
}

function commitBatch(first: Put | Delete, batch: readonly Write[], kernel: KernelMaps): void {
  if (first.kind === 'put') {
    putRows(batch as readonly Put[], kernel[first.map]); // all of one kind and map, by goTogether
    return;
  }
  deleteRows(batch as readonly Delete[], kernel[first.map]); // as above
  if (first.map === 'members') configWords(kernel.config).advanceEpoch();
}

function commitOne(write: Exclude<Write, Put | Delete>, memory: Memory): void {
  const { kernel } = memory;
  switch (write.kind) {
    case 'drain':
      putRows([{ kind: 'put', map: 'vips', key: write.vip, value: { flags: 0 } }], kernel.vips);
      return;
    case 'delete-stray':
      kernel.frontends.deleteBatch(write.key, 1);
      return;
    case 'store-backend':
      kernel.backends.mmap(write.id, write.id + 1);
      Backend.encodeInto(memory.backends, write.id * Backend.size, write.row);
      return;
    case 'store-slots':
      kernel.slots.mmap(write.offset, write.offset + write.backendIds.length);
      write.backendIds.forEach((backendId, place) => {
        memory.slots[(write.offset + place) * 2] = backendId;
        memory.slots[(write.offset + place) * 2 + 1] = write.serviceId;
      });
      return;
    // Programs read a word of services at once: it must never be seen half-written.
    case 'store-column':
      kernel.services.mmap(write.serviceId, write.serviceId + 1);
      Atomics.store(memory.services, write.serviceId * SERVICE_WORDS + write.column, packColumn(write.value));
      return;
    case 'store-policy':
      kernel.services.mmap(write.serviceId, write.serviceId + 1);
      Atomics.store(memory.services, write.serviceId * SERVICE_WORDS + COLUMN_COUNT, packPolicy(write.value));
      return;
    case 'store-config':
      storeConfig(memory.config, write.row);
  }
}

function putRows(batch: readonly Put[], rows: HashRows): void {
  const [first] = batch;
  if (first === undefined) return;
  const value = maps[first.map].value as Codec<unknown>; // of the map that all these rows are of
  rows.updateBatch(
    keysOf(batch),
    encodeAll(
      value,
      batch.map((put) => put.value),
    ),
    batch.length,
  );
}

function deleteRows(batch: readonly Delete[], rows: Pick<HashRows, 'deleteBatch'>): void {
  rows.deleteBatch(keysOf(batch), batch.length);
}

function keysOf(batch: readonly (Put | Delete)[]): Uint8Array {
  const [first] = batch;
  if (first === undefined) return new Uint8Array();
  const key = maps[first.map].key as Codec<unknown>; // of the map that all these rows are of
  return encodeAll(
    key,
    batch.map((row) => row.key),
  );
}

function encodeAll(codec: Codec<unknown>, values: readonly unknown[]): Uint8Array {
  const bytes = new Uint8Array(values.length * codec.size);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    codec.encodeInto(view, index * codec.size, value);
  });
  return bytes;
}

const LONGEST_BATCH = 4096;
