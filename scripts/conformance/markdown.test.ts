import { expect, test } from 'vitest';
import type { Case } from './case.ts';
import { conformanceTable } from './markdown.ts';

test('a row for each case of the baseline, with the missing piece where a run does not pass', () => {
  const text = conformanceTable({
    kubernetes: '1.37.2',
    baseline: { name: 'peer', title: 'kube-proxy', cases: [ran('[sig-network] a'), ran('b'), ran('c', false)] },
    runs: [
      { name: 'all', title: 'bpfsvc', cases: [ran('[sig-network] a'), ran('b', false)] },
      { name: 'packets', title: 'packets', cases: [ran('[sig-network] a', false)] },
    ],
    gaps: [{ match: 'b', missing: 'NodePorts' }],
  });
  expect(text.split('\n').slice(6)).toEqual([
    '- bpfsvc: 1 of 2 passed, 0 failed for an unknown reason',
    '- packets: 0 of 2 passed, 1 failed for an unknown reason',
    '',
    '| case | bpfsvc | packets |',
    '|---|---|---|',
    '| a | passed | **not yet** |',
    '| b | **not yet**: NodePorts | **not run**: NodePorts |',
    '',
  ]);
});

function ran(name: string, passed = true): Case {
  return { name, passed, seconds: 1 };
}
