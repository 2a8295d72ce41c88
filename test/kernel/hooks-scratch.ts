import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { findCgroup2, mountBpffs, unmount } from '../../src/sys/mount.ts';

/** A bpffs and a cgroup of a test's own. */
export interface Scratch extends Disposable {
  readonly bpffs: string;
  readonly cgroup: string;
}

export function makeScratch(): Scratch {
  const root = findCgroup2();
  if (root === undefined) throw new Error('Cannot test hooks: no cgroup2 is mounted');
  const directory = mkdtempSync(join(tmpdir(), 'bpfsvc-hooks-'));
  const bpffs = join(directory, 'bpf');
  const cgroup = join(root, `bpfsvc-hooks-${process.pid}`);
  mountBpffs(bpffs);
  mkdirSync(cgroup);
  return {
    bpffs,
    cgroup,
    [Symbol.dispose]: () => {
      unmount(bpffs);
      rmdirSync(cgroup);
      rmSync(directory, { recursive: true });
    },
  };
}

let count = 0;

/** A veth pair that is never up. */
export interface Veth extends Disposable {
  readonly name: string;
  readonly ifindex: number;
}

export function makeVeth(): Veth {
  count += 1;
  const name = `bh${process.pid}-${count}`;
  execFileSync('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}p`]);
  return {
    name,
    ifindex: Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'utf8')),
    [Symbol.dispose]: () => {
      execFileSync('ip', ['link', 'del', name]);
    },
  };
}
