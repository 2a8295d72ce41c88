import { expect, test } from 'vitest';
import { judge, missingPiece } from './verdict.ts';

test('a run is held against the baseline', () => {
  const baseline = [ran('a'), ran('b NodePort'), ran('c'), ran('d', false), ran('not in the run')];
  const run = { name: 'mine', cases: [ran('a'), ran('b NodePort', false), ran('c', false), ran('d')] };
  expect(judge(baseline, run, [{ match: 'NodePort', missing: 'NodePorts' }])).toEqual({
    passed: ['a'],
    known: [{ name: 'b NodePort', missing: 'NodePorts' }],
    unexpected: ['c'],
    extra: ['d'],
  });
});

test('a gap may belong to one run', () => {
  const gaps = [{ match: 'a', run: 'packets', missing: 'hooks' }];
  expect([missingPiece('a', 'packets', gaps), missingPiece('a', 'all', gaps)]).toEqual(['hooks', undefined]);
});

function ran(
  name: string,
  passed = true,
): { readonly name: string; readonly passed: boolean; readonly seconds: number } {
  return { name, passed, seconds: 1 };
}
