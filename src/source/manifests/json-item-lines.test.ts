import { expect, it } from 'vitest';
import { jsonItemLines } from './json-item-lines.ts';

it('finds the line of each item, of any type', () => {
  const text = `{ "items": "no",
  "metadata": { "items": [1, 2] }, "items": [
    { "a": ["]", "\\"", {}] }, null,
    5,

    "x" ], "more": [
    1] }`;
  expect(jsonItemLines(text)).toEqual([3, 3, 4, 6]);
});

it('finds none in an empty list', () => {
  expect(jsonItemLines('{"items": []}')).toEqual([]);
});
