import { readFileSync } from 'node:fs';
import { ConfigError } from '../../../errors.ts';

/** A file of a credential. Throws ConfigError with this cure. */
export function readCredential(path: string, what: string, cure: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new ConfigError(`Cannot read ${what} "${path}": ${code === 'ENOENT' ? 'it is missing' : code}: ${cure}`, {
      cause: error,
    });
  }
}

/** "Bearer …"; undefined where the file is empty. */
export function bearer(token: string): string | undefined {
  const trimmed = token.trim();
  return trimmed === '' ? undefined : `Bearer ${trimmed}`;
}
