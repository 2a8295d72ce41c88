import { expect, test } from 'vitest';
import { AbiMismatchError, CommandError, SysError, VerifierError } from './errors.ts';

test('says action, target, code and cure', () => {
  const error = new SysError({ operation: 'pin map', target: '/x', errno: 17, code: 'EEXIST', cure: 'remove it' });
  expect(error.message).toBe('Cannot pin map "/x": EEXIST: remove it');
});

test("picks the verifier's reason above its statistics", () => {
  const log = '0: (95) exit\nR0 !read_ok\nprocessed 1 insns (limit 1000000) max_states_per_insn 0\n';
  expect(new VerifierError('pod_in', log).message).toBe('Cannot load program "pod_in": R0 !read_ok');
  expect(new VerifierError('pod_in', '').message).toBe('Cannot load program "pod_in": the kernel gave no reason');
});

test('shows both layouts', () => {
  const error = new AbiMismatchError({ target: 'vips', wanted: 'a', found: 'b', cure: 'run cleanup' });
  expect(error.message).toBe('Cannot use "vips": it has layout b, wanted is a: run cleanup');
});

test('shows the command and its end', () => {
  const argv = ['ip', 'link'];
  expect(new CommandError({ argv, exitCode: 2, stderr: 'no\n' }).message).toBe(
    'Cannot run "ip link": exit status 2: no',
  );
  expect(new CommandError({ argv, exitCode: undefined, stderr: '' }).message).toBe(
    'Cannot run "ip link": ended by a signal',
  );
});
