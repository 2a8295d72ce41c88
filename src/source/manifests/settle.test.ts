import { expect, it } from 'vitest';
import { parseManifest } from './parse-manifest.ts';
import type { Reading, Stamp } from './read-file.ts';
import { settleMs } from './settle.ts';

const stamp = '1 1 1' as Stamp; // the brand's constructor
const read = (text: string): Reading => {
  return { kind: 'read', manifest: parseManifest(text), stamp, endsWithNewline: text.endsWith('\n') };
};

it.each([
  ['JSON at once, also when written in place', read('{"kind": "Node"}'), true, true, 0],
  ['YAML that was renamed into place almost at once', read('kind: Node\n'), false, true, 2],
  ['YAML that is written in place after a pause', read('kind: Node\n'), true, true, 25],
  ['a last line without an end later', read('kind: Node'), false, true, 75],
  ['half a JSON file later', read('{"kind": '), true, true, 75],
  ['what is not YAML later', read('a: b: c\n'), true, true, 75],
  ['a new, empty file after a pause', read(''), false, false, 25],
  ['an emptied file very late', read(''), true, true, 1000],
  ['a removed file after a pause: another may be on its way', { kind: 'missing' }, false, true, 25],
  ['an unreadable file later', { kind: 'unreadable', reason: 'no' }, false, true, 75],
] as const)('takes %s', (_, reading, sawWrite, held, ms) => {
  expect(settleMs({ reading, sawWrite, held })).toBe(ms);
});
