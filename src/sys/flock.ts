import { check, Errno } from './errno.ts';
import { libc } from './ffi/library.ts';

const LOCK_EX_NB = 2 | 4;

/** Takes the exclusive lock of an open file or folder without waiting; false: another process holds it. Ends with the descriptor. */
export function tryLock(fd: number): boolean {
  const result = libc().flock(fd, LOCK_EX_NB);
  if (result === -Errno.EAGAIN) return false;
  check(result, 'lock', `descriptor ${fd}`);
  return true;
}
