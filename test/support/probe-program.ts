import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), 'probe');

/** The probe as Node runs it: our compiled sibling or, when we run from source, made in `folder` at once. */
export async function probeProgram(folder: string): Promise<string> {
  if (import.meta.url.endsWith('.js')) return join(FOLDER, 'main.js');
  const { default: typescript } = await import('typescript');
  const { ModuleKind, ScriptTarget } = typescript;
  const compilerOptions = {
    module: ModuleKind.ESNext,
    target: ScriptTarget.ES2022,
    rewriteRelativeImportExtensions: true,
    verbatimModuleSyntax: true,
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
  for (const name of await readdir(FOLDER)) {
    const source = await readFile(join(FOLDER, name), 'utf8');
    const { outputText } = typescript.transpileModule(source, { compilerOptions, fileName: name });
    await writeFile(join(folder, name.replace(/\.ts$/, '.js')), outputText);
  }
  return join(folder, 'main.js');
}
