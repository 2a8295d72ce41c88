import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Layout, readLayout } from '../../src/abi/layout.ts';
import { hashLayout } from '../../src/abi/layout-hash.ts';
import { definedTypes, readComments } from './comments.ts';
import { generateMarkdown } from './markdown.ts';
import { generateTypeScript } from './typescript.ts';

export interface Generated {
  readonly path: string;
  readonly text: string;
}

/** What the object file and the headers below `root` make of src/abi/generated.ts and docs/abi.md, not yet formatted. */
export function generate(root: string): readonly Generated[] {
  const layout = readLayout(readFileSync(`${root}/dist/bpf/bpfsvc.bpf.o`));
  const types = readFileSync(`${root}/bpf/abi.h`, 'utf8');
  const headers = types + readFileSync(`${root}/bpf/maps.h`, 'utf8');
  refuseVanished(layout, definedTypes(types));
  const hash = hashLayout(layout, (text) => createHash('sha256').update(text).digest('hex'));
  return [
    { path: 'src/abi/generated.ts', text: generateTypeScript(layout, hash) },
    { path: 'docs/abi.md', text: generateMarkdown(layout, hash, readComments(headers)) },
  ];
}

/** As the formatter leaves them, so that they can be compared with the committed ones. */
export function formatted(root: string, files: readonly Generated[]): readonly Generated[] {
  return files.map(({ path, text }) => ({ path, text: path.endsWith('.ts') ? format(root, path, text) : text }));
}

/** A type that neither a map nor a global uses is not in BTF. */
function refuseVanished(layout: Layout, defined: readonly string[]): void {
  const known = new Set([...layout.structs, ...layout.enums].map(({ name }) => name).concat('ip'));
  const vanished = defined.filter((name) => !known.has(name));
  if (vanished.length > 0)
    throw new Error(`Cannot find "${vanished.join('", "')}" in BTF: add it to struct abi in bpf/abi.bpf.c`);
}

function format(root: string, path: string, text: string): string {
  const options = { cwd: root, input: text, encoding: 'utf8' } as const;
  const biome = spawnSync('node_modules/.bin/biome', ['format', `--stdin-file-path=${path}`], options);
  if (biome.status !== 0) throw new Error(`Cannot format "${path}": ${biome.stderr}`);
  return biome.stdout;
}
