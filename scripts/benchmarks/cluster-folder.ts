import { renameSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import type { Manifests } from '../../test/support/manifests.ts';
import { restOfCluster, SERVICES, serviceWithSlice } from './cluster-objects.ts';

export type Format = 'json' | 'yaml';

/** Services of one file, with their slices. */
const PER_FILE = 100;
/** The Service in a file of its own. */
export const LONE_SERVICE = SERVICES - 1;

/** Fills the folder as `kubectl get -o json` (or yaml) would: Lists of 100 Services and their slices. */
export async function writeCluster({ folder }: Manifests, format: Format): Promise<void> {
  const objects = restOfCluster();
  for (let at = 0, file = 0; at < objects.length; at += 2 * PER_FILE, file++) {
    const list = listOf(objects.slice(at, at + 2 * PER_FILE));
    const text = format === 'json' ? JSON.stringify(list, undefined, 4) : dump(list, { noRefs: true });
    await writeFile(join(folder, `cluster-${file}.${format}`), `${text}\n`);
  }
  placeLoneService(folder, 0);
}

export async function emptyFolder({ folder, make }: Manifests): Promise<void> {
  await rm(folder, { recursive: true });
  await make();
}

/** Replaces the one-Service file in one step; `salt` says where its last endpoint is. */
export function placeLoneService(folder: string, salt: number): void {
  const draft = `${folder}.draft`;
  writeFileSync(draft, JSON.stringify(listOf(serviceWithSlice(LONE_SERVICE, salt)), undefined, 4));
  renameSync(draft, join(folder, 'lone.json'));
}

function listOf(items: readonly object[]): object {
  return { apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } };
}
