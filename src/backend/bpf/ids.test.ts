import { describe, expect, it } from 'vitest';
import { createIdPool } from './ids.ts';

describe('id pool', () => {
  it('gives out every id but 0, then none', () => {
    const pool = createIdPool(4);
    expect([pool.take(), pool.take(), pool.take(), pool.take()]).toEqual([1, 2, 3, undefined]);
  });

  it('takes back what was released only after it expired, the longest free last', () => {
    const pool = createIdPool(4);
    for (const id of [1, 2, 3]) pool.claim(id);
    pool.release(3, 10);
    pool.release(1, 20);
    expect([pool.take(), pool.expire(10), pool.take(), pool.expire(20), pool.take()]).toEqual([
      undefined,
      [3],
      3,
      [1],
      1,
    ]);
  });

  it('refuses to hand over what is not free or does not exist', () => {
    const pool = createIdPool(4);
    expect([0, 4, -1, 1.5, 2, 2].map((id) => pool.claim(id))).toEqual([false, false, false, false, true, false]);
    expect(pool.free).toBe(2);
  });

  it('lets a resting id come back to life, with its rest starting anew', () => {
    const pool = createIdPool(4);
    pool.claim(1);
    pool.release(1, 10);
    expect([pool.isResting(1), pool.revive(1), pool.revive(1), pool.isResting(1)]).toEqual([true, true, false, false]);
    pool.release(1, 30);
    expect([pool.expire(20), pool.expire(30)]).toEqual([[], [1]]);
  });

  it('does not count an id twice that was released twice', () => {
    const pool = createIdPool(4);
    pool.claim(1);
    pool.release(1, 10);
    pool.release(1, 20);
    expect([pool.expire(10), pool.expire(20), pool.free]).toEqual([[], [1], 3]);
  });
});
