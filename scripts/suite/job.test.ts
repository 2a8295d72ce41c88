import { expect, test } from 'vitest';
import { selectJobs } from './job.ts';

const FILES = [
  'src/model/ip.test.ts',
  'src/plan/plan.test.ts',
  'test/kernel/maps.test.ts',
  'test/netns/socket.test.ts',
  'test/api/scale.test.ts',
  'test/vm/kernels.test.ts',
];

function names(selected: readonly string[], vm = true): readonly (readonly string[])[] {
  return selectJobs(FILES, { names: selected, vm }).map(({ name, files }) => [name, ...files]);
}

test('everything: the unit tests together, every other file in a job of its own', () => {
  expect(names([])).toEqual([
    ['unit', 'src/model/ip.test.ts', 'src/plan/plan.test.ts'],
    ['test/kernel/maps.test.ts', 'test/kernel/maps.test.ts'],
    ['test/netns/socket.test.ts', 'test/netns/socket.test.ts'],
    ['test/api/scale.test.ts', 'test/api/scale.test.ts'],
    ['test/vm/kernels.test.ts', 'test/vm/kernels.test.ts'],
  ]);
});

test('a name is a suite or a part of a path', () => {
  expect(names(['kernel', 'plan.test'])).toEqual([
    ['unit', 'src/plan/plan.test.ts'],
    ['test/kernel/maps.test.ts', 'test/kernel/maps.test.ts'],
  ]);
});

test('the VMs can be left out', () => {
  expect(names(['vm', 'socket'], false)).toEqual([['test/netns/socket.test.ts', 'test/netns/socket.test.ts']]);
});

test('a name that selects nothing is refused', () => {
  expect(() => names(['kernle'])).toThrow('Cannot run "kernle": no suite or test file is called so');
});
