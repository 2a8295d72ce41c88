import { describe, expect, it } from 'vitest';
import { contentLine, splitDocuments } from './split-documents.ts';

describe('splitDocuments', () => {
  it.each([
    ['one document without a marker', 'a: 1\n', [{ text: 'a: 1\n', line: 1 }]],
    [
      'documents with their lines',
      'a: 1\n---\nb: 2\n',
      [
        { text: 'a: 1\n', line: 1 },
        { text: '---\nb: 2\n', line: 2 },
      ],
    ],
    ['no documents of comments and blanks', '# one\n---\n\n---\n  # two\n---\nb: 2', [{ text: '---\nb: 2', line: 6 }]],
    [
      'content beside a marker',
      '--- a\n--- b',
      [
        { text: '--- a\n', line: 1 },
        { text: '--- b', line: 2 },
      ],
    ],
    [
      'an end marker',
      'a: 1\n...\nb: 2\n',
      [
        { text: 'a: 1\n', line: 1 },
        { text: '\nb: 2\n', line: 2 },
      ],
    ],
    ['a directive', '%YAML 1.2\n---\na: 1\n', [{ text: '---\na: 1\n', line: 2 }]],
    [
      'Windows line ends',
      'a: 1\r\n---\r\nb: 2\r\n',
      [
        { text: 'a: 1\r\n', line: 1 },
        { text: '---\r\nb: 2\r\n', line: 2 },
      ],
    ],
    ['dashes that are no marker', '----: 1\nb: ---\n', [{ text: '----: 1\nb: ---\n', line: 1 }]],
    ['nothing', '', []],
  ])('takes %s', (_, text, pieces) => {
    expect([...splitDocuments(text)]).toEqual(pieces);
  });
});

describe('contentLine', () => {
  it('skips markers, comments and blanks', () => {
    expect(contentLine('---\n# why\n\na: 1\n')).toBe(3);
  });
});
