import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import type { OutputFormat } from '../output.ts';
import { createEntryText, type MapEntry } from './entry-text.ts';

const EMPTY = { name: 'agent', type: 'array', maxEntries: 1 };
const VIPS = { name: 'vips', type: 'hash', maxEntries: 16 };
const ENTRIES: readonly MapEntry[] = [
  { key: '10.0.0.1', value: { flags: ['NODE'], part: { a: 1 } } },
  { key: '::', value: { flags: [], part: { a: 2 } }, perCpu: [{ a: 0 }, { a: 2 }] },
];

function write(format: OutputFormat): string {
  const text = createEntryText(format);
  const all = [text.map(EMPTY), text.endOfMap(), text.map(VIPS), ...ENTRIES.map((entry) => text.entry(entry))];
  return [...all, text.endOfMap(), text.end()].join('');
}

test('JSON and YAML hold the same array', () => {
  const wanted = [
    { ...EMPTY, entries: [] },
    { ...VIPS, entries: ENTRIES },
  ];
  expect([JSON.parse(write('json')), load(write('yaml'))]).toEqual([wanted, wanted]);
});

test('no map at all is an empty array', () => {
  const none = (format: OutputFormat): string => createEntryText(format).end();
  expect([JSON.parse(none('json')), load(none('yaml')), none('table')]).toEqual([[], [], '']);
});

test('people get a line for each entry', () => {
  expect(write('table')).toBe(`agent (array, at most 1)
  empty

vips (hash, at most 16)
  10.0.0.1  ->  flags=[NODE] part={a=1}
  ::  ->  flags=[] part={a=2}  (a=0 | a=2)
`);
});
