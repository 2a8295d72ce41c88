import { expect, it } from 'vitest';
import { formatTable } from './table.ts';

it('aligns columns and leaves no blanks at line ends', () => {
  expect(
    formatTable(
      ['NAME', 'N'],
      [
        ['a', '1'],
        ['longer', ''],
        ['b', '10'],
      ],
    ),
  ).toBe('NAME    N\na       1\nlonger\nb       10\n');
});
