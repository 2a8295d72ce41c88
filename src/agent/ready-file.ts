import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from '../errors.ts';

/** A file that is there while the agent is ready: for a probe that must not ask another agent's port. */
export interface ReadyFile extends Disposable {
  mark(): void;
}

/** Without a path nothing is written. Throws ConfigError where nothing can be. */
export function createReadyFile(path: string | undefined): ReadyFile {
  if (path === undefined) return { mark: () => undefined, [Symbol.dispose]: () => undefined };
  try {
    const folder = dirname(path);
    if (!existsSync(folder)) mkdirSync(folder);
    rmSync(path, { force: true });
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new ConfigError(`Cannot use --ready-file "${path}": ${reason}: give a file that can be written`, { cause });
  }
  return {
    mark: () => writeFileSync(path, ''),
    [Symbol.dispose]: () => rmSync(path, { force: true }),
  };
}
