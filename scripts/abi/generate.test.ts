import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatted, generate } from './generate.ts';

test('the committed files are what the object file and the headers make of them', () => {
  const committed = generate('.').map(({ path }) => ({ path, text: readFileSync(path, 'utf8') }));
  expect(formatted('.', generate('.'))).toEqual(committed);
});
