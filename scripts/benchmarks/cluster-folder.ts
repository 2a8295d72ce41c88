import { renameSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { NODE, NODE_NAME } from '../../test/support/addresses.ts';
import type { Manifests } from '../../test/support/manifests.ts';
import { nodeObject } from '../../test/support/objects.ts';
import { SERVICES, serviceWithSlice } from './cluster-objects.ts';

export type Format = 'json' | 'yaml';

/** The Service whose endpoints move. */
export const LONE_SERVICE = SERVICES - 1;
/** Files that are written at once. */
const TOGETHER = 64;

/** As JSON a file for each Service and its slice, as YAML one file for all, each as `kubectl get -o` prints them. */
export async function writeCluster({ folder }: Manifests, format: Format): Promise<void> {
  const node = nodeObject(NODE_NAME, NODE);
  if (format === 'yaml') {
    const services = Array.from({ length: SERVICES }, (_, index) => serviceWithSlice(index)).flat();
    await writeFile(join(folder, 'cluster.yaml'), dump(listOf([node, ...services]), { noRefs: true }));
    return;
  }
  await writeFile(join(folder, 'node.json'), JSON.stringify(listOf([node])));
  for (let start = 0; start < SERVICES; start += TOGETHER) {
    const indexes = Array.from({ length: Math.min(TOGETHER, SERVICES - start) }, (_, place) => start + place);
    await Promise.all(indexes.map((index) => writeFile(fileOf(folder, index), textOf(index, 0))));
  }
}

export async function emptyFolder(manifests: Manifests): Promise<void> {
  await rm(manifests.folder, { recursive: true });
  await manifests.make();
}

/** Makes a change of the lone Service ready, `salt` says where its last endpoint is; the result puts it into force. */
export function draftLoneService(folder: string, salt: number): () => void {
  const draft = `${folder}.draft`;
  writeFileSync(draft, textOf(LONE_SERVICE, salt));
  return () => renameSync(draft, fileOf(folder, LONE_SERVICE));
}

function fileOf(folder: string, index: number): string {
  return join(folder, `service-${index}.json`);
}

function textOf(index: number, salt: number): string {
  return `${JSON.stringify(listOf(serviceWithSlice(index, salt)), undefined, 4)}\n`;
}

function listOf(items: readonly object[]): object {
  return { apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } };
}
