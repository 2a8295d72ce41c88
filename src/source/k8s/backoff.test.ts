import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';
import { DEFAULT_LIMITS } from './limits.ts';

const wait = (failures: number, askedMs: number, random: number): number =>
  backoffMs({ failures, askedMs }, DEFAULT_LIMITS, random);

test('doubles from 0.8 s to 30 s, half of it by chance', () => {
  expect([1, 2, 3, 6, 7, 1000].map((failures) => wait(failures, 0, 1))).toEqual([
    800, 1600, 3200, 25_600, 30_000, 30_000,
  ]);
  expect(wait(1, 0, 0)).toBe(400);
});

test('a server is left alone for as long as it asks, up to a minute', () => {
  expect(wait(1, 5_000, 0)).toBe(5_000);
  expect(wait(1, 1e12, 0)).toBe(60_000);
  expect(wait(10, 1_000, 0)).toBe(15_000);
});
