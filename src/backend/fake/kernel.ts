import { maps } from '../../abi/generated.ts';
import { SysError } from '../../errors.ts';
import type { Capacities } from '../bpf/image.ts';
import type { ArrayMemory, HashRows, KernelMaps, RowChunk } from '../bpf/kernel-maps.ts';

/** The image's maps in memory, as strict about sizes and room as the kernel's. */
export function createFakeKernel(capacities: Capacities): KernelMaps {
  return {
    services: createArray('services', capacities.services),
    slots: createArray('slots', capacities.slots),
    backends: createArray('backends', capacities.backends),
    config: createArray('config', 1),
    vips: createHash('vips', capacities.vips),
    frontends: createHash('frontends', capacities.frontends),
    members: createHash('members', capacities.members),
    service_names: createHash('service_names', capacities.service_names),
    source_ranges: createHash('source_ranges', capacities.source_ranges),
    service_counters: createHash('service_counters', capacities.services),
    backend_counters: createHash('backend_counters', capacities.backends),
  };
}

/** Room for a node of ordinary size. */
export const FAKE_CAPACITIES: Capacities = {
  services: maps.services.maxEntries,
  slots: maps.slots.maxEntries,
  backends: maps.backends.maxEntries,
  frontends: maps.frontends.maxEntries,
  vips: maps.vips.maxEntries,
  members: maps.members.maxEntries,
  service_names: maps.service_names.maxEntries,
  source_ranges: maps.source_ranges.maxEntries,
};

function createArray(name: 'services' | 'slots' | 'backends' | 'config', maxEntries: number): ArrayMemory {
  const memory = new ArrayBuffer(maxEntries * maps[name].value.size);
  return { maxEntries, mmap: () => memory };
}

function createHash(name: keyof typeof maps, maxEntries: number): HashRows {
  const keySize = maps[name].key.size;
  const valueSize = maps[name].value.size;
  const rows = new Map<string, readonly [key: Uint8Array, value: Uint8Array]>();
  return {
    maxEntries,
    updateBatch(keys, values, count) {
      for (let row = 0; row < count; row += 1) {
        const key = keys.slice(row * keySize, (row + 1) * keySize);
        if (!rows.has(key.join()) && rows.size >= maxEntries) {
          throw new SysError({ operation: 'write map', target: name, errno: 7, code: 'E2BIG', cure: 'it is full' });
        }
        rows.set(key.join(), [key, values.slice(row * valueSize, (row + 1) * valueSize)]);
      }
    },
    deleteBatch(keys, count) {
      for (let row = 0; row < count; row += 1) rows.delete(keys.subarray(row * keySize, (row + 1) * keySize).join());
    },
    *chunks(): Generator<RowChunk> {
      const held = [...rows.values()];
      for (let from = 0; from < held.length; from += ROWS_PER_CHUNK) {
        const chunk = held.slice(from, from + ROWS_PER_CHUNK);
        yield {
          keys: join(chunk.map(([key]) => key)),
          values: join(chunk.map(([, value]) => value)),
          count: chunk.length,
        };
      }
    },
  };
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

const ROWS_PER_CHUNK = 128;
