import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSlotRangePool, type SlotRange } from './slot-ranges.ts';

describe('slot range pool', () => {
  it('cuts ranges side by side from the first gap that is long enough', () => {
    const pool = createSlotRangePool(10);
    expect([pool.allocate(3), pool.allocate(7), pool.allocate(1)]).toEqual([
      { offset: 0, size: 3 },
      { offset: 3, size: 7 },
      undefined,
    ]);
  });

  it('joins what was freed with the gaps beside it', () => {
    const pool = createSlotRangePool(9);
    const [left, middle, right] = [pool.allocate(3), pool.allocate(3), pool.allocate(3)];
    for (const range of [left, right, middle]) if (range !== undefined) pool.giveBack(range);
    expect([pool.longest, pool.allocate(9)]).toEqual([9, { offset: 0, size: 9 }]);
  });

  it('uses a released range again only after it expired', () => {
    const pool = createSlotRangePool(2);
    pool.release(pool.allocate(2) ?? { offset: 0, size: 0 }, 10);
    expect([pool.expire(9), pool.allocate(1), pool.expire(10), pool.allocate(2)]).toEqual([
      false,
      undefined,
      true,
      { offset: 0, size: 2 },
    ]);
  });

  it('claims a range only if all of it is free', () => {
    const pool = createSlotRangePool(10);
    const ranges = [
      { offset: 2, size: 4 },
      { offset: 5, size: 2 },
      { offset: 0, size: 3 },
      { offset: 8, size: 3 },
      { offset: 11, size: 1 },
      { offset: 7, size: 0 },
      { offset: 0, size: 2 },
      { offset: 6, size: 4 },
    ];
    expect(ranges.map((range) => pool.claim(range))).toEqual([true, false, false, false, false, false, true, true]);
    expect(pool.longest).toBe(0);
  });

  it('never gives a place to two, and has all of them again in the end', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 9 })), { maxLength: 60 }), (steps) => {
        const pool = createSlotRangePool(32);
        const held: SlotRange[] = [];
        for (const [isAllocation, size] of steps) {
          const range = isAllocation ? pool.allocate(size) : undefined;
          if (range !== undefined) held.push(range);
          const given = isAllocation ? undefined : held.splice(size % Math.max(1, held.length), 1)[0];
          if (given !== undefined) pool.giveBack(given);
          const places = held.flatMap((each) => Array.from({ length: each.size }, (_, index) => each.offset + index));
          expect(new Set(places).size).toBe(places.length);
        }
        for (const range of held) pool.giveBack(range);
        expect(pool.longest).toBe(32);
      }),
      { numRuns: 200 },
    );
  });
});
