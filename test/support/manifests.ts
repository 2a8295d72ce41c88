import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder of manifests as `bpfsvc run --manifests` reads it. */
export class Manifests {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async make(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
  }

  /** Replaces a file in one step, as editors and ConfigMaps do. */
  async write(name: string, objects: readonly object[]): Promise<void> {
    await this.make();
    const file = join(this.folder, `${name}.json`);
    // Beside the folder: the agent must not meet it half-written.
    const draft = `${this.folder}.draft`;
    await writeFile(draft, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }, undefined, 2));
    await rename(draft, file);
  }

  async read(name: string): Promise<readonly object[]> {
    const list = JSON.parse(await readFile(join(this.folder, `${name}.json`), 'utf8')) as { items: readonly object[] };
    return list.items;
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.folder, `${name}.json`));
  }
}
