import { expect, test } from 'vitest';
import { caseLine, casesOf, type GinkgoReport, parseCases } from './case.ts';

const REPORT: GinkgoReport = {
  SpecReports: [
    spec('passed', 'should serve', 14_300_000_000),
    spec('skipped', 'should ask a cloud', 0),
    spec('timedout', 'should answer', 60_000_000_000),
    { ...spec('passed', '', 0), LeafNodeType: 'SynchronizedBeforeSuite', ContainerHierarchyTexts: null },
  ],
};

test('a report gives the cases that ran, by name', () => {
  expect(casesOf([REPORT])).toEqual([
    { name: '[sig-network] Services should answer', passed: false, seconds: 60 },
    { name: '[sig-network] Services should serve', passed: true, seconds: 14 },
  ]);
});

test('lines are read back as they were written', () => {
  const lines = casesOf([REPORT]).map(caseLine);
  expect([lines, parseCases(`${lines.join('\n')}\n`)]).toEqual([
    ['failed\t60 s\t[sig-network] Services should answer', 'passed\t14 s\t[sig-network] Services should serve'],
    casesOf([REPORT]),
  ]);
});

test('a line without a name is refused', () => {
  expect(() => parseCases('passed\n')).toThrow('Cannot read a line of recorded cases: "passed"');
});

function spec(State: string, LeafNodeText: string, RunTime: number): GinkgoReport['SpecReports'][number] {
  return { LeafNodeType: 'It', State, LeafNodeText, RunTime, ContainerHierarchyTexts: ['[sig-network] Services'] };
}
