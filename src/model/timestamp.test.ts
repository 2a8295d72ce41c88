import { expect, test } from 'vitest';
import { parseTimestamp, UnixTime } from './timestamp.ts';

test.each([
  '1970-01-01T00:00:00Z',
  '2000-02-29T23:59:59Z',
  '2026-11-24T18:24:34.053Z',
  '2026-11-24T18:24:34+02:30',
  '2026-11-24T18:24:34-11:00',
  '2100-03-01T00:00:00Z',
  '1969-12-31T23:59:59Z',
])('%s is what Date says', (text) => {
  expect(parseTimestamp(text)).toBe(Date.parse(text));
});

test('nanoseconds are cut to milliseconds', () => {
  expect(parseTimestamp('1970-01-01T00:00:00.053110599Z')).toBe(53);
});

test('a time from protobuf is one already', () => {
  const times = [1_764_008_674, 0, -10, 9e12].map((seconds) => parseTimestamp(new UnixTime(seconds)));
  expect(times).toEqual([1_764_008_674_000, 0, -10_000, undefined]);
});

test.each([undefined, null, '', 'yesterday', '2026-11-24', '2026-11-24 18:24:34Z', 0, 'x'.repeat(1_000_000)])(
  '%j is no time',
  (raw) => {
    expect(parseTimestamp(raw)).toBe(undefined);
  },
);
