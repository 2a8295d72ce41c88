/** undefined: no cgroup2 is mounted. The shortest mount point wins. */
export function findCgroup2(): string | undefined {
  throw new Error('not there yet');
}

/** The inode of a cgroup directory: what BPF and LinkInfo call cgroup id. */
export function cgroupId(_directory: string): bigint {
  throw new Error('not there yet');
}

/** Is `path` (which may not exist) on a bpffs? */
export function isBpffs(_path: string): boolean {
  throw new Error('not there yet');
}

/** Is a bpffs mounted exactly at `path`? */
export function isBpffsMountPoint(_path: string): boolean {
  throw new Error('not there yet');
}

/** Mounts a new, empty bpffs; makes the folder where missing. Visible in this mount namespace. */
export function mountBpffs(_directory: string): void {
  throw new Error('not there yet');
}

export function unmount(_directory: string): void {
  throw new Error('not there yet');
}
