import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Op } from '../../model/op.ts';
import { followManifests } from './follow.ts';

const log = pino({ level: 'silent' });
const json = (name: string, zone = ''): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
  });
const yaml = (name: string): string => `apiVersion: v1\nkind: Node\nmetadata:\n  name: ${name}\n`;

let directory: string;
let ops: string[];
let abort: AbortController;
let following: Promise<void>;

const put = (name: string, text: string): void => writeFileSync(join(directory, name), text);
const brief = (op: Op): string => {
  if (op.op === 'set') return `set ${op.object.name}`;
  if (op.op === 'delete') return `delete ${op.name}`;
  return op.op === 'ignore' ? `${op.reason === undefined ? 'heed' : 'ignore'} ${op.object}` : op.op;
};
const told = (...expected: string[]): Promise<void> =>
  vi.waitFor(() => expect(ops).toEqual(expected), { timeout: 5000, interval: 5 });

async function follow(): Promise<void> {
  following = followManifests({ directory, sink: (batch) => ops.push(...batch.map(brief)), signal: abort.signal, log });
  await vi.waitFor(() => expect(ops).toContain('sync'), { timeout: 5000, interval: 5 });
  ops.length = 0;
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bpfsvc-manifests-'));
  ops = [];
  abort = new AbortController();
});

afterEach(async () => {
  abort.abort();
  await following;
  rmSync(directory, { recursive: true, force: true });
});

describe('followManifests', () => {
  it('lists the folder in order, without what is no manifest', async () => {
    put('b.json', json('b'));
    put('a.yaml', yaml('a'));
    put('.c.yaml', yaml('c'));
    put('d.txt', yaml('d'));
    mkdirSync(join(directory, 'e.yaml'));
    following = followManifests({
      directory,
      sink: (batch) => ops.push(...batch.map(brief)),
      signal: abort.signal,
      log,
    });
    await told('set a', 'set b', 'sync');
  });

  it('tells added, changed and removed files', async () => {
    await follow();
    put('a.yaml', yaml('a'));
    await told('set a');
    put('a.yaml', yaml('b'));
    await told('set a', 'delete a', 'set b');
    unlinkSync(join(directory, 'a.yaml'));
    await told('set a', 'delete a', 'set b', 'delete b');
  });

  it('reads a file that was renamed into place once', async () => {
    put('a.json', json('a'));
    await follow();
    put('a.tmp', json('b'));
    renameSync(join(directory, 'a.tmp'), join(directory, 'a.json'));
    await told('delete a', 'set b');
  });

  it('says nothing of a file in the middle of a write', async () => {
    await follow();
    const whole = json('a');
    put('a.json', '');
    put('a.json', whole.slice(0, 20));
    put('a.json', whole);
    await told('set a');
  });

  it('reports what stays broken, and takes it back', async () => {
    put('a.yaml', yaml('a'));
    await follow();
    put('a.yaml', `${yaml('a')}---\na: b: c\n`);
    await told('set a', 'ignore a.yaml:6');
    put('a.yaml', yaml('a'));
    await told('set a', 'ignore a.yaml:6', 'heed a.yaml:6', 'set a');
  });

  it("follows the swap of a ConfigMap's ..data", async () => {
    for (const [version, name] of [
      ['..1', 'a'],
      ['..2', 'b'],
    ] as const) {
      mkdirSync(join(directory, version));
      put(join(version, 'x.yaml'), yaml(name));
    }
    symlinkSync('..1', join(directory, '..data'));
    symlinkSync(join('..data', 'x.yaml'), join(directory, 'x.yaml'));
    await follow();
    symlinkSync('..2', join(directory, '..tmp'));
    renameSync(join(directory, '..tmp'), join(directory, '..data'));
    await told('delete a', 'set b');
  });

  it('hands an object on when the first file that holds it goes', async () => {
    put('a.json', json('x', 'a'));
    put('b.json', json('x', 'b'));
    await follow();
    unlinkSync(join(directory, 'a.json'));
    await told('delete x', 'heed Node x in b.json:1', 'set x');
  });

  it('keeps the content of a folder that is gone, until it is back', async () => {
    put('a.json', json('a'));
    await follow();
    renameSync(directory, `${directory}.away`);
    mkdirSync(directory);
    put('b.json', json('b'));
    await told('set b', 'delete a');
    rmSync(`${directory}.away`, { recursive: true });
    put('c.json', json('c'));
    await told('set b', 'delete a', 'set c');
  });

  it('refuses a missing folder, a file for a folder, and a link that leads nowhere', async () => {
    const reasonOf = (path: string): Promise<unknown> => {
      const options = { directory: path, sink: () => undefined, signal: abort.signal, log };
      return followManifests(options).catch((error: unknown) => String(error).replaceAll(directory, ''));
    };
    put('a.json', '');
    expect(await reasonOf(join(directory, 'no'))).toBe(
      'ConfigError: Cannot read manifests in "/no": there is no such folder: create it or correct the path',
    );
    expect(await reasonOf(join(directory, 'a.json'))).toBe(
      'ConfigError: Cannot read manifests in "/a.json": it is a file: give a folder that can be read',
    );
    symlinkSync('nowhere', join(directory, 'l.json'));
    expect(await reasonOf(directory)).toBe(
      'ConfigError: Cannot read manifest "/l.json": its link leads nowhere: correct or remove it',
    );
  });
});
