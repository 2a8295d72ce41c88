import { describe, expect, it } from 'vitest';
import type { Ip } from '../../model/ip.ts';
import { createFakeKernel, FAKE_CAPACITIES } from '../fake/kernel.ts';
import { commit } from './commit.ts';
import type { KernelMaps } from './kernel-maps.ts';
import type { Write } from './write.ts';

const small = { ...FAKE_CAPACITIES, services: 4, slots: 8, backends: 8 };
const vip = (host: number): Write => ({ kind: 'put', map: 'vips', key: `10.0.0.${host}` as Ip, value: { flags: 1 } });
const lost = (host: number): Write => ({ kind: 'delete', map: 'vips', key: `10.0.0.${host}` as Ip });

/** A kernel that notes how its hash maps are called. */
function noting(kernel: KernelMaps): { readonly kernel: KernelMaps; readonly calls: string[] } {
  const calls: string[] = [];
  const { vips } = kernel;
  return {
    calls,
    kernel: {
      ...kernel,
      vips: {
        ...vips,
        updateBatch(keys, values, count) {
          calls.push(`update ${count}`);
          vips.updateBatch(keys, values, count);
        },
        deleteBatch(keys, count) {
          calls.push(`delete ${count}`);
          vips.deleteBatch(keys, count);
        },
      },
    },
  };
}

describe('commit', () => {
  it('sends neighbours of one map in one call, and keeps the order', () => {
    const { kernel, calls } = noting(createFakeKernel(small));
    const writes = [
      vip(1),
      vip(2),
      lost(1),
      vip(3),
      { kind: 'drain', vip: '10.0.0.2' as Ip } as const,
      lost(3),
      lost(9),
    ];
    expect([commit(writes, kernel), calls]).toEqual([7, ['update 2', 'delete 1', 'update 1', 'update 1', 'delete 2']]);
  });

  it('stops after the given number of writes, also within a batch', () => {
    const { kernel, calls } = noting(createFakeKernel(small));
    expect([commit([vip(1), vip(2), vip(3)], kernel, 2), calls]).toEqual([2, ['update 2']]);
  });

  it('stores words where the programs read them', () => {
    const kernel = createFakeKernel(small);
    commit(
      [
        { kind: 'store-slots', serviceId: 7, offset: 2, backendIds: [5, 6] },
        { kind: 'store-column', serviceId: 1, column: 5, value: { verdict: 1, offset: 2, size: 2, flags: 5 } },
        { kind: 'store-policy', serviceId: 1, value: { affinitySec: 30, flags: 3 } },
      ],
      kernel,
    );
    expect([...new Uint32Array(kernel.slots.mmap())]).toEqual([0, 0, 0, 0, 5, 7, 6, 7, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...new BigUint64Array(kernel.services.mmap()).subarray(8, 16)]).toEqual([
      0n,
      0n,
      0n,
      0n,
      0n,
      (5n << 58n) | (1n << 56n) | (2n << 32n) | 2n,
      (3n << 32n) | 30n,
      0n,
    ]);
  });

  it('says which map refuses', () => {
    const kernel = createFakeKernel({ ...small, vips: 1 });
    expect(() => commit([vip(1), vip(2)], kernel)).toThrow('Cannot write map "vips": E2BIG: it is full');
  });
});
