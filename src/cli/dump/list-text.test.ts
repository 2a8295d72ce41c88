import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import type { OutputFormat } from '../output.ts';
import { createListText } from './list-text.ts';

function write(format: OutputFormat, chunks: readonly (readonly { readonly n: number }[])[]): string {
  const text = createListText<{ readonly n: number }>(format, ({ n }) => `n is ${n}`, 'Nothing');
  return chunks.map((chunk) => text.items(chunk)).join('') + text.end();
}

const CHUNKS = [[{ n: 1 }, { n: 2 }], [], [{ n: 3 }]];

test('chunks come out as one list', () => {
  expect([JSON.parse(write('json', CHUNKS)), load(write('yaml', CHUNKS)), write('table', CHUNKS)]).toEqual([
    CHUNKS.flat(),
    CHUNKS.flat(),
    'n is 1\nn is 2\nn is 3\n',
  ]);
});

test('an empty list is one too', () => {
  expect([JSON.parse(write('json', [[]])), load(write('yaml', [])), write('table', [])]).toEqual([[], [], 'Nothing\n']);
});
