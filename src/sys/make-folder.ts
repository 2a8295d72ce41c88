import { mkdirSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { sysError } from './errno.ts';

const CURE = 'name a folder that is there or can be made, such as /sys/fs/bpf/bpfsvc';

/**
 * Makes a folder for root alone, and those above it, where missing. SysError where none can be made. In /proc, where that
 * is refused with ENOENT, Node's own "recursive" tries for ever.
 */
export function makeFolder(path: string): void {
  if (dirname(path) !== path) makeFolder(dirname(path));
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) return;
  if (stats !== undefined) throw sysError('make folder', path, constants.errno.ENOTDIR, CURE);
  try {
    mkdirSync(path, 0o700);
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return; // another agent was faster
    throw sysError('make folder', path, -((error as NodeJS.ErrnoException).errno ?? 0), CURE); // of node:fs
  }
}
