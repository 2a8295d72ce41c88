import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../errors.ts';
import type { Op } from '../../model/op.ts';
import { createClaims } from './claims.ts';
import { isManifestName, type Reading, readManifest, type Stamp, stampOf, systemCode } from './read-file.ts';

/** A folder of manifests and what was told of it. Files are named without the folder. */
export interface ManifestFolder {
  /** Its manifests, sorted; undefined: the folder itself is missing. */
  list(): readonly string[] | undefined;
  /** What was taken before. */
  known(): Iterable<string>;
  /** Differs the file from what was taken, as far as that shows without reading it? */
  isStale(file: string): boolean;
  /** Did the file hold anything when it was taken? */
  holds(file: string): boolean;
  read(file: string): Reading;
  /** What becomes of the model with this reading in force; other files that now win or lose an object are read again. */
  take(file: string, reading: Reading): readonly Op[];
}

export function openFolder(directory: string): ManifestFolder {
  const claims = createClaims();
  const files = new Map<string, { readonly stamp: Stamp; readonly holds: boolean }>();
  const unreadable = new Set<string>();
  const read = (file: string): Reading => readManifest(join(directory, file));

  function takeOne(file: string, reading: Reading, reread: Set<string>): readonly Op[] {
    if (reading.kind === 'unreadable') {
      unreadable.add(file); // what it held stays in force: nobody knows what it holds now
      return [{ op: 'ignore', object: file, reason: reading.reason }];
    }
    const readable: readonly Op[] = unreadable.delete(file) ? [{ op: 'ignore', object: file, reason: undefined }] : [];
    const entries = reading.kind === 'read' ? reading.manifest.entries : [];
    if (reading.kind === 'read') files.set(file, { stamp: reading.stamp, holds: entries.length > 0 });
    else files.delete(file);
    const change = claims.update(file, entries);
    for (const other of change.reread) reread.add(other);
    return [...readable, ...change.ops];
  }

  return {
    list: () => listManifests(directory),
    known: () => files.keys(),
    isStale(file) {
      return stampOf(join(directory, file)) !== files.get(file)?.stamp;
    },
    holds: (file) => files.get(file)?.holds ?? false,
    read,
    take(file, reading) {
      const reread = new Set<string>();
      const ops = [...takeOne(file, reading, reread)];
      for (const other of reread) {
        reread.delete(other); // it may be asked for again
        ops.push(...takeOne(other, read(other), reread));
      }
      return ops;
    },
  };
}

/** The first listing, file by file, then `sync`. Throws ConfigError where the folder or a file of it can't be read. */
export function* listOnce(directory: string, folder: ManifestFolder): Iterable<readonly Op[]> {
  const files = folder.list();
  if (files === undefined) {
    throw new ConfigError(
      `Cannot read manifests in "${directory}": there is no such folder: create it or correct the path`,
    );
  }
  for (const file of files) {
    const reading = folder.read(file);
    if (reading.kind === 'unreadable') {
      throw new ConfigError(`Cannot read manifest "${join(directory, file)}": ${reading.reason}`);
    }
    yield folder.take(file, reading);
  }
  yield [{ op: 'sync' }];
}

function listManifests(directory: string): readonly string[] | undefined {
  try {
    return readdirSync(directory).filter(isManifestName).sort();
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return undefined;
    const cause = code === 'ENOTDIR' ? 'it is a file' : code;
    throw new ConfigError(`Cannot read manifests in "${directory}": ${cause}: give a folder that can be read`, {
      cause: error,
    });
  }
}
