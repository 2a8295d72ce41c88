import { execFileSync } from 'node:child_process';
import { check } from '../../src/sys/errno.ts';
import { driver } from '../../src/sys/ffi/library.ts';

const CLONE_NEWNET = 0x4000_0000;

/**
 * Moves this test file's main thread, and the children it starts from now on, into a network
 * namespace that nobody else sees and that ends with the process. Only loopback is there, up.
 */
export function enterNewNetwork(): void {
  const unshare = driver()
    .open('libc.so.6')
    .bind('unshare', ['errno', ['i32']]);
  check(Number(unshare(CLONE_NEWNET)), 'enter', 'a new network namespace');
  ip('link set lo up');
}

export function ip(command: string): void {
  execFileSync('ip', command.split(' '));
}
