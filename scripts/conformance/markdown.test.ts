import { expect, test } from 'vitest';
import { conformanceTable } from './markdown.ts';

test('a row for each case of the baseline, with the missing piece where a run fails', () => {
  const baseline = { title: 'kube-proxy', cases: [ran('[sig-network] a'), ran('[sig-network] b'), ran('c', false)] };
  const runs = [
    { title: 'bpfsvc', cases: [ran('[sig-network] a'), ran('[sig-network] b', false)] },
    { title: 'packets', cases: [ran('[sig-network] a')] },
  ];
  const text = conformanceTable('1.37.2', baseline, runs, [{ match: 'b', missing: 'NodePorts' }]);
  expect(text.split('\n').slice(5)).toEqual([
    '- bpfsvc: 1 of 2 passed, 0 failed for an unknown reason',
    '- packets: 1 of 2 passed, 0 failed for an unknown reason',
    '',
    '| case | bpfsvc | packets | missing |',
    '|---|---|---|---|',
    '| a | passed | passed |  |',
    '| b | failed | not run | NodePorts |',
    '',
  ]);
});

function ran(
  name: string,
  passed = true,
): { readonly name: string; readonly passed: boolean; readonly seconds: number } {
  return { name, passed, seconds: 1 };
}
