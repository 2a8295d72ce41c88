import { execFile } from 'node:child_process';

const TIMEOUT_MS = 5_000;
const MOST_BYTES = 64 * 1024 * 1024;

/** stdout of a command; undefined: no such program, it failed, took longer than five seconds, or `signal` ended it. */
export function outputOf(file: string, argv: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(file, argv, { timeout: TIMEOUT_MS, maxBuffer: MOST_BYTES, signal }, (error, stdout) => {
      resolve(error === null ? stdout : undefined);
    });
  });
}
