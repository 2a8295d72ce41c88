import { spawn } from 'node:child_process';
import { CommandError } from '../../src/errors.ts';

/** Runs a command to its end and gives its stdout; a status above 0 throws CommandError. */
export async function run(argv: readonly string[], input = ''): Promise<string> {
  const [file = '', ...rest] = argv;
  const child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  // A command that ends without reading its stdin is judged by its status alone.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const exitCode = await new Promise<number | undefined>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? undefined));
  });
  if (exitCode !== 0) throw new CommandError({ argv, exitCode, stderr: stderr() });
  return stdout();
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: string[] = [];
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => chunks.push(chunk));
  return () => chunks.join('');
}
