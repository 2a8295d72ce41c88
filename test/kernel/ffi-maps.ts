import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MapFlag, MapType } from '../../src/sys/bpf-constants.ts';
import { BpfMap } from '../../src/sys/bpf-map.ts';
import { Program } from '../../src/sys/bpf-program.ts';
import { listMaps } from '../../src/sys/bpf-query.ts';
import { isBpffs, isBpffsMountPoint } from '../../src/sys/mount.ts';
import { ARRAY, HASH, readAll, rowAt, rowsOf, u32, value } from './ffi-rows.ts';
import { code, type Scratch } from './ffi-scratch.ts';

export function mapContract(scratch: Scratch): void {
  describe('maps', () => {
    test('knows the shape it made', () => {
      using map = BpfMap.create(HASH);
      const { keySize, valueSize, maxEntries, type, flags, perCpu, rowSize } = map;
      const shape = { name: map.name, type, keySize, valueSize, maxEntries, flags };
      expect(shape).toEqual(HASH);
      expect({ perCpu, rowSize }).toEqual({ perCpu: false, rowSize: 12 });
    });

    test('finds what was written, and nothing where nothing was', () => {
      using map = BpfMap.create(HASH);
      map.update(u32(1), value(7));
      expect([map.lookup(u32(1)), map.lookup(u32(2))]).toEqual([value(7), undefined]);
      expect([map.delete(u32(1)), map.delete(u32(1)), map.lookup(u32(1))]).toEqual([true, false, undefined]);
    });

    test('keeps create and replace apart', () => {
      using map = BpfMap.create(HASH);
      expect(code(() => map.update(u32(1), value(1), 'replace'))).toBe('ENOENT');
      map.update(u32(1), value(1), 'create');
      expect(code(() => map.update(u32(1), value(2), 'create'))).toBe('EEXIST');
    });

    test('refuses wrong sizes before the kernel sees them', () => {
      using map = BpfMap.create(HASH);
      expect(() => map.lookup(new Uint8Array(3))).toThrow(
        new RangeError('Cannot use key with map "contract_hash": 3 bytes, wanted are 4'),
      );
      expect(() => map.update(u32(1), new Uint8Array(11))).toThrow(RangeError);
      expect(() => map.updateBatch(new Uint8Array(8), new Uint8Array(23), 2)).toThrow(RangeError);
      expect(() => map.deleteBatch(new Uint8Array(8), 3)).toThrow(RangeError);
    });

    test('tells a full map by name', () => {
      using map = BpfMap.create({ ...HASH, maxEntries: 2 });
      const rows = rowsOf(3);
      expect(() => map.updateBatch(rows.keys, rows.values, 3)).toThrow(
        'Cannot write map "contract_hash": E2BIG: it is full (2 rows)',
      );
    });

    test.each([
      ['hash', { type: MapType.hash, flags: 0 }],
      ['hash without preallocation', { type: MapType.hash, flags: MapFlag.noPrealloc }],
      ['LRU hash', { type: MapType.lruHash, flags: 0 }],
      ['LPM trie', { type: MapType.lpmTrie, flags: MapFlag.noPrealloc, keySize: 8 }],
    ])('writes, reads and deletes 10,000 rows in batches: %s', (_, kind) => {
      using map = BpfMap.create({ ...HASH, maxEntries: 20_000, ...kind });
      const rows = rowsOf(10_000, map.keySize);
      map.updateBatch(rows.keys, rows.values, 10_000);
      expect(readAll(map)).toEqual(new Map(Array.from({ length: 10_000 }, (_, row) => [row, row])));
      const beyond = rowsOf(12_000, map.keySize);
      map.deleteBatch(beyond.keys, 12_000);
      expect(readAll(map)).toEqual(new Map());
    });

    test('reads every place of an array', () => {
      using map = BpfMap.create({ ...HASH, type: MapType.array, maxEntries: 5000 });
      map.update(u32(4999), value(9));
      const all = readAll(map);
      expect([all.size, all.get(0), all.get(4999)]).toEqual([5000, 0, 9]);
    });

    test.each([
      ['hash', MapType.percpuHash],
      ['array', MapType.percpuArray],
    ])('takes one rounded value per possible CPU: %s', (_, type) => {
      using map = BpfMap.create({ ...HASH, type, maxEntries: 300 });
      expect(map.rowSize).toBe(16 * map.possibleCpus);
      const row = Uint8Array.from({ length: map.rowSize }, (_, index) => (index % 16 < 12 ? index + 1 : 0));
      map.update(u32(3), row);
      expect(map.lookup(u32(3))).toEqual(row);
      const found = [...map.chunks()].flatMap((chunk) =>
        Array.from({ length: chunk.count }, (_, index) => rowAt(chunk.values, index, map)),
      );
      expect(found.filter((bytes) => bytes.some((byte) => byte !== 0))).toEqual([row]);
    });

    test('shares an array with the kernel, one atomic store at a time', () => {
      using map = BpfMap.create({ ...ARRAY, maxEntries: 1000 });
      const words = new BigUint64Array(map.mmap());
      Atomics.store(words, 999, 0x1122_3344_5566_7788n);
      expect(map.lookup(u32(999))).toEqual(Uint8Array.of(0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11));
      map.update(u32(5), Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0));
      expect([Atomics.load(words, 5), words.length]).toEqual([1n, 1000]);
      expect(map.mmap()).toBe(words.buffer);
    });

    test('leads to the kernel again after unmap, in the same place', () => {
      using map = BpfMap.create({ ...ARRAY, maxEntries: 1000 });
      const words = new BigUint64Array(map.mmap());
      words[7] = 1n;
      map.unmap();
      words[7] = 2n;
      expect(map.lookup(u32(7))).toEqual(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0));
      expect([map.mmap() === words.buffer, words[7]]).toEqual([true, 1n]);
    });

    test('shares only the rows that are asked for, and no others of an earlier time', () => {
      using map = BpfMap.create({ ...ARRAY, maxEntries: 100_000 });
      const word = (first: number) => Uint8Array.of(first, 0, 0, 0, 0, 0, 0, 0);
      const words = new BigUint64Array(map.mmap(50_000, 50_001));
      words[50_000] = 1n;
      words[0] = 2n;
      expect([map.lookup(u32(50_000)), map.lookup(u32(0))]).toEqual([word(1), word(0)]);
      map.unmap();
      map.mmap(0, 1);
      words[50_000] = 3n;
      words[0] = 4n;
      expect([map.lookup(u32(50_000)), map.lookup(u32(0))]).toEqual([word(1), word(4)]);
      map.mmap(99_999);
      words[99_999] = 5n;
      expect([map.lookup(u32(99_999)), map.mmap() === words.buffer]).toEqual([word(5), true]);
      expect([words[0], words[50_000], words[99_999]]).toEqual([4n, 1n, 5n]);
    });

    test('leaves no way to the kernel after dispose', () => {
      const map = BpfMap.create(ARRAY);
      const words = new BigUint64Array(map.mmap());
      const { id } = map;
      map[Symbol.dispose]();
      words[0] = 1n;
      expect(BpfMap.openById(id)).toBeUndefined();
      expect(() => map.lookup(u32(0))).toThrow('Cannot use a closed descriptor');
    });

    test('pins and opens again', () => {
      using map = BpfMap.create(HASH);
      const path = join(scratch.bpffs, 'map');
      expect(BpfMap.openPinned(path)).toBeUndefined();
      map.update(u32(1), value(7));
      map.pin(path);
      using pinned = BpfMap.openPinned(path);
      expect([pinned?.id, pinned?.lookup(u32(1))]).toEqual([map.id, value(7)]);
      expect(() => map.pin(path)).toThrow(`Cannot pin to "${path}": EEXIST: something is pinned there`);
      expect(() => Program.openPinned(path)).toThrow(
        `Cannot open pin "${path}": EINVAL: it is a bpf-map, wanted is a bpf-prog`,
      );
    });

    test('pins on a bpffs only', () => {
      using map = BpfMap.create(HASH);
      expect(() => map.pin(join(scratch.directory, 'map'))).toThrow(/mount one/);
      expect([
        isBpffs(join(scratch.bpffs, 'a', 'b')),
        isBpffs(scratch.directory),
        isBpffsMountPoint(scratch.bpffs),
      ]).toEqual([true, false, true]);
    });

    test('lists it', () => {
      using map = BpfMap.create(HASH);
      expect([...listMaps()].filter(({ id }) => id === map.id)).toEqual([{ id: map.id, ...HASH }]);
    });
  });
}
