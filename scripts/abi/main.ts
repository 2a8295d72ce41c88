import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { formatted, generate } from './generate.ts';

/** Writes the generated files, or with --check says which of them are stale. */
const [root = '.', mode] = process.argv.slice(2);
try {
  for (const { path, text } of formatted(root, generate(root))) {
    if (mode !== '--check') writeFileSync(`${root}/${path}`, text);
    else if (text !== readFileSync(`${root}/${path}`, 'utf8')) fail(`"${path}" is stale: run scripts/gen-abi`);
  }
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

function fail(reason: string): void {
  console.error(`gen-abi: ${reason}`);
  process.exitCode = 1;
}
