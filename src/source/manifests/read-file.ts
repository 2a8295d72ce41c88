import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { flatText } from '../../model/flat-text.ts';
import { type Manifest, parseManifest } from './parse-manifest.ts';

/** Tells one content of a file from the next without reading it. */
export type Stamp = string & { readonly __brand: 'Stamp' };

export type Reading =
  | { readonly kind: 'read'; readonly manifest: Manifest; readonly stamp: Stamp; readonly endsWithNewline: boolean }
  /** No such file, or something that holds no text: a folder, a socket. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly reason: string };

const LARGEST_BYTES = 256 * 1024 * 1024;

/** Files that the source reads: by extension, hidden ones (an editor's, a ConfigMap's) left out. */
export function isManifestName(name: string): boolean {
  return !name.startsWith('.') && /\.(?:ya?ml|json)$/i.test(name);
}

/** undefined: missing. Links are followed. */
export function stampOf(path: string): Stamp | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined || !stats.isFile() ? undefined : toStamp(stats);
}

export function readManifest(path: string): Reading {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // a FIFO must not stop us
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile()) return { kind: 'missing' };
      if (stats.size > LARGEST_BYTES) {
        return {
          kind: 'unreadable',
          reason: `${stats.size} bytes are too many: split it into files of 256 MiB at most`,
        };
      }
      const text = readText(fd);
      return {
        kind: 'read',
        manifest: parseManifest(text),
        stamp: toStamp(stats),
        endsWithNewline: text.endsWith('\n'),
      };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'ENOENT')
      return { kind: 'unreadable', reason: `it can't be read: ${code}: correct its mode or remove it` };
    const isLink = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    return isLink
      ? { kind: 'unreadable', reason: 'its link leads nowhere: correct or remove it' }
      : { kind: 'missing' };
  }
}

/** Most files fit into one read: a start reads 10,000 of them. */
const chunk = Buffer.allocUnsafe(64 * 1024);

function readText(fd: number): string {
  const length = readSync(fd, chunk, 0, chunk.length, 0);
  return length < chunk.length ? chunk.toString('utf8', 0, length) : readFileSync(fd, 'utf8');
}

/** "ENOENT" of a refused system call; anything else is a bug and thrown on. */
export function systemCode(error: unknown): string {
  if (error instanceof Error && 'errno' in error && typeof error.errno === 'number') {
    return getSystemErrorName(error.errno);
  }
  throw error;
}

function toStamp({ ino, size, mtimeMs }: Stats): Stamp {
  return flatText(ino, ' ', size, ' ', mtimeMs) as Stamp; // the brand's constructor
}
