import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmdirSync, rmSync } from 'node:fs';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { driver } from '../../src/sys/ffi/library.ts';
import { mountBpffs, unmount } from '../../src/sys/mount.ts';
import { linkContract } from './ffi-links.ts';
import { mapContract } from './ffi-maps.ts';
import { objectContract } from './ffi-objects.ts';
import { programContract } from './ffi-programs.ts';
import { compile, makeScratch } from './ffi-scratch.ts';

/** One set of assertions for both FFI drivers; each runs it in a process of its own. */
export function ffiContract(name: 'koffi' | 'ffi-napi'): void {
  process.env['BPFSVC_FFI'] = name;
  const scratch = makeScratch(name);

  beforeAll(() => {
    mountBpffs(scratch.bpffs);
    mkdirSync(scratch.cgroup);
    for (const fixture of ['contract', 'refused']) compile(fixture, scratch.directory);
  });

  afterAll(() => {
    unmount(scratch.bpffs);
    rmdirSync(scratch.cgroup);
    rmSync(scratch.directory, { recursive: true });
  });

  test('runs on the driver it names', () => {
    expect(driver().name).toBe(name);
  });

  mapContract(scratch);
  programContract(scratch);
  objectContract(scratch);
  linkContract(scratch);

  test('leaves no descriptor of a kernel object behind', () => {
    expect(openKinds().filter((kind) => kind.includes('bpf'))).toEqual([]);
  });
}

function openKinds(): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    const path = `/proc/self/fd/${fd}`;
    // The folder's own descriptor is gone by now.
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined ? [readlinkSync(path)] : [];
  });
}
