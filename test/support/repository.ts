import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json, from the sources as from their compiled copies. */
export const REPOSITORY = findAbove(dirname(fileURLToPath(import.meta.url)));

function findAbove(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  return findAbove(dirname(folder));
}
