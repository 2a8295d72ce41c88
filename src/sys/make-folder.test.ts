import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from './make-folder.ts';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'bpfsvc-folder-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

test('makes what is missing, for root alone, and leaves what is there', () => {
  const path = join(scratch, 'a', 'b');
  makeFolder(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  writeFileSync(join(path, 'file'), '');
  makeFolder(path);
  expect(existsSync(join(path, 'file'))).toBe(true);
});

test.each([
  ['where the file system has no room for folders', () => '/proc/bpfsvc/a', 'ENOENT', '/proc/bpfsvc'],
  ['where a file has its name', () => fileIn(scratch), 'ENOTDIR', 'file'],
  ['below a file', () => join(fileIn(scratch), 'a'), 'ENOTDIR', 'file'],
  ['where a link leads nowhere', () => linkIn(scratch), 'EEXIST', 'link'],
])('says what is in the way: %s', (_, place, code, target) => {
  expect(() => makeFolder(place())).toThrow(
    expect.objectContaining({
      code,
      target: expect.stringMatching(`${target}$`) as unknown,
      message: expect.stringContaining('name a folder') as unknown,
    }),
  );
});

function fileIn(folder: string): string {
  writeFileSync(join(folder, 'file'), '');
  return join(folder, 'file');
}

function linkIn(folder: string): string {
  symlinkSync('/nonexistent', join(folder, 'link'));
  return join(folder, 'link');
}
