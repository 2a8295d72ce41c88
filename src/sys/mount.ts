import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { check, Errno, sysError } from './errno.ts';
import { libc } from './ffi/library.ts';
import { makeFolder } from './make-folder.ts';

const BPF_FS_MAGIC = 0xcafe4a11;
const MNT_DETACH = 2;

/** undefined: no cgroup2 is mounted. The shortest mount point wins. */
export function findCgroup2(): string | undefined {
  return mountPoints('cgroup2').sort((a, b) => a.length - b.length)[0];
}

/** The inode of a cgroup directory: what BPF and LinkInfo call cgroup id. */
export function cgroupId(directory: string): bigint {
  return statSync(directory, { bigint: true }).ino;
}

/** Is `path`, which need not exist yet, on a bpffs? */
export function isBpffs(path: string): boolean {
  const absolute = resolve(path);
  return existsSync(absolute) ? statfsSync(absolute).type === BPF_FS_MAGIC : isBpffs(dirname(absolute));
}

/** Is a bpffs mounted exactly at `path`? */
export function isBpffsMountPoint(path: string): boolean {
  return mountPoints('bpf').includes(resolve(path));
}

/** Mounts a new, empty bpffs; makes the folder where missing. */
export function mountBpffs(directory: string): void {
  makeFolder(directory);
  const result = libc().mount('bpf', directory, 'bpf', 0, undefined);
  if (result === -Errno.ENODEV) {
    throw sysError(
      'mount bpffs at',
      directory,
      Errno.ENODEV,
      'maps are pinned there: use a kernel with CONFIG_BPF_SYSCALL',
    );
  }
  check(result, 'mount bpffs at', directory);
}

/** Unmounts at once; whoever still has a file open in it keeps that. */
export function unmount(directory: string): void {
  check(libc().umount2(directory, MNT_DETACH), 'unmount', directory);
}

/** Of this mount namespace, in mount order. */
function mountPoints(type: string): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [mount, source] = line.split(' - ');
    const path = mount?.split(' ')[4];
    return path !== undefined && source?.split(' ')[0] === type ? [decodeOctal(path)] : [];
  });
}

/** The kernel writes a space as \040. */
function decodeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
