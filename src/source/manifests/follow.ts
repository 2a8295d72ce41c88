import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Logger } from 'pino';
import { SysError } from '../../errors.ts';
import { createWake } from '../../wake.ts';
import type { OpSink } from '../source.ts';
import { type Changes, collectChanges } from './changes.ts';
import { listOnce, type ManifestFolder, openFolder } from './folder.ts';
import { isManifestName, systemCode } from './read-file.ts';

export interface FollowOptions {
  readonly directory: string;
  readonly sink: OpSink;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Events can be lost (a full queue, a file system without them): everything is compared this often. */
const RESCAN_MS = 60_000;
const SOON_MS = 1000;
/** So many may have filled the kernel's queue (fs.inotify.max_queued_events is 16384). */
const BURST = 8192;
/** Files between two turns of the event loop. */
const CHUNK = 256;

/** The source `manifests`: lists the folder, then tells its changes until the signal aborts. */
export async function followManifests(options: FollowOptions): Promise<void> {
  const { directory, sink, signal, log } = options;
  const folder = openFolder(directory);
  const changes = collectChanges(folder, sink);
  const wake = createWake(signal);
  let events = 0;
  let settled: NodeJS.Timeout | undefined;
  const onEvent = (type: string, name: string | null): void => {
    if (name !== null && isManifestName(name)) changes.note(name, type === 'change');
    else if (name === null || name.startsWith('..') || name === basename(directory)) wake.notify();
    events += 1;
    if (events === BURST) settled = setTimeout(wake.notify, SOON_MS);
  };

  let watched = inodeOf(directory);
  let watcher = watched === undefined ? undefined : watchFolder(directory, onEvent);
  try {
    await list(directory, folder, { sink, signal });
    while (!signal.aborted) {
      await wake.wait(watcher === undefined ? SOON_MS : RESCAN_MS);
      if (signal.aborted) return;
      events = 0;

      const inode = inodeOf(directory);
      if (inode !== watched) {
        watcher?.close();
        watcher = inode === undefined ? undefined : watchFolder(directory, onEvent);
        if (inode === undefined) log.warn({ path: directory }, 'manifests folder is missing, its last content holds');
        else log.info({ path: directory }, 'manifests folder is followed again');
        watched = inode;
      }
      if (inode !== undefined) await compare(folder, changes);
    }
  } finally {
    watcher?.close();
    clearTimeout(settled);
    changes.stop();
  }
}

async function list(
  directory: string,
  folder: ManifestFolder,
  { sink, signal }: Pick<FollowOptions, 'sink' | 'signal'>,
): Promise<void> {
  let listed = 0;
  for (const ops of listOnce(directory, folder)) {
    sink(ops);
    listed += 1;
    if (listed % CHUNK === 0) await breathe();
    if (signal.aborted) return;
  }
}

/** Finds by their stamps the files whose events never came. */
async function compare(folder: ManifestFolder, changes: Changes): Promise<void> {
  const files = new Set([...(folder.list() ?? []), ...folder.known()]);
  let compared = 0;
  for (const file of files) {
    if (folder.isStale(file)) changes.note(file, true);
    compared += 1;
    if (compared % CHUNK === 0) await breathe();
  }
}

function inodeOf(directory: string): number | undefined {
  const stats = statSync(directory, { throwIfNoEntry: false });
  return stats?.isDirectory() === true ? stats.ino : undefined;
}

function watchFolder(directory: string, onEvent: (type: string, name: string | null) => void): FSWatcher {
  try {
    return watch(directory, { persistent: false }, onEvent).on('error', () => onEvent('rename', null));
  } catch (error) {
    const code = systemCode(error);
    const cure = 'raise the sysctls fs.inotify.max_user_watches and fs.inotify.max_user_instances';
    const errno = (error as NodeJS.ErrnoException).errno ?? 0; // systemCode threw anything that has none
    throw new SysError({ operation: 'watch', target: directory, errno: Math.abs(errno), code, cure }, { cause: error });
  }
}
