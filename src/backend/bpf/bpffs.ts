import { closeSync, constants, existsSync, openSync, readdirSync, rmdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from '../../sys/flock.ts';
import { makeFolder } from '../../sys/make-folder.ts';
import { isBpffs, isBpffsMountPoint, mountBpffs, unmount } from '../../sys/mount.ts';

/** Where the system mounts its bpffs; inside of sysfs, where no folder can be made without it. */
const SYSTEM_BPFFS = '/sys/fs/bpf';
/** A folder of that name in ours tells that the agent made the mount. */
const MARK = 'mounted';
/** The kernel's own files at the root of every bpffs. */
const KERNEL_FILES = ['maps.debug', 'progs.debug'];
const RACE_MS = 10;

/** Makes `folder` on a bpffs; mounts one where none is and then returns where. */
export async function provideBpffs(folder: string): Promise<string | undefined> {
  const mounted = isBpffs(folder) ? undefined : await mountOnce(mountPointOf(folder), () => isBpffs(folder));
  makeFolder(folder);
  if (mounted !== undefined) makeFolder(join(folder, MARK));
  return mounted;
}

/** Removes the folder, and the mount if the agent made it and nobody else pins there. Returns what was unmounted. */
export function withdrawBpffs(folder: string): string | undefined {
  const mark = join(folder, MARK);
  const isOurs = existsSync(mark);
  if (isOurs) rmdirSync(mark);
  if (!isBpffsMountPoint(folder) && isEmpty(folder)) rmdirSync(folder);
  const mountPoint = mountPointOf(folder);
  if (!isOurs || !isBpffsMountPoint(mountPoint) || !isEmpty(mountPoint)) return undefined;
  unmount(mountPoint);
  return mountPoint;
}

function mountPointOf(folder: string): string {
  const path = resolve(folder);
  return path.startsWith(`${SYSTEM_BPFFS}/`) ? SYSTEM_BPFFS : path;
}

/** Of two agents that start at once, one mounts: whoever locks the folder that is to be covered. */
async function mountOnce(mountPoint: string, isDone: () => boolean): Promise<string | undefined> {
  makeFolder(mountPoint);
  const fd = openSync(mountPoint, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    while (!tryLock(fd)) await sleep(RACE_MS);
    if (isDone()) return undefined;
    mountBpffs(mountPoint);
    return mountPoint;
  } finally {
    closeSync(fd);
  }
}

function isEmpty(folder: string): boolean {
  return readdirSync(folder).every((name) => KERNEL_FILES.includes(name));
}
