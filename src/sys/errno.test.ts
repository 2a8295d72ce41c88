import { expect, test } from 'vitest';
import { check, errnoName, sysError } from './errno.ts';

test.each([
  [1, 'EPERM'],
  [11, 'EAGAIN'],
  [67, 'ENOLINK'],
  [95, 'EOPNOTSUPP'],
  [524, 'ENOTSUPP'],
  [4000, 'errno 4000'],
])('names errno %i', (errno, name) => {
  expect(errnoName(errno)).toBe(name);
});

test('turns a negative result into an error with its cure', () => {
  expect(sysError('pin map', '/x', 22).message).toBe('Cannot pin map "/x": EINVAL');
  expect(() => check(-1, 'read map', 'vips')).toThrow(
    /^Cannot read map "vips": EPERM: it takes CAP_BPF.*: run as root$/,
  );
  expect(check(3, 'read map', 'vips')).toBe(3);
});
