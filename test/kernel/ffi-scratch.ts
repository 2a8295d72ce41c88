import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { SysError } from '../../src/errors.ts';
import { AttachType, ProgramType } from '../../src/sys/bpf-constants.ts';
import type { ProgramSpec } from '../../src/sys/bpf-program.ts';
import { assemble, exit, moveImmediate } from '../../src/sys/instructions.ts';
import { findCgroup2 } from '../../src/sys/mount.ts';

export interface Scratch {
  readonly directory: string;
  /** A bpffs of our own, mounted by the contract. */
  readonly bpffs: string;
  /** A cgroup v2 folder of our own. */
  readonly cgroup: string;
}

export function makeScratch(name: string): Scratch {
  const root = findCgroup2();
  if (root === undefined) throw new Error('Cannot test links: no cgroup2 is mounted');
  const directory = mkdtempSync(join(tmpdir(), `bpfsvc-${name}-`));
  return { directory, bpffs: join(directory, 'bpf'), cgroup: join(root, `bpfsvc-${name}-${process.pid}`) };
}

export function compile(fixture: string, directory: string): void {
  const source = join(import.meta.dirname, 'fixtures', `${fixture}.bpf.c`);
  const target = join(directory, `${fixture}.bpf.o`);
  // The multiarch folder holds asm/types.h.
  const include = `/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
  execFileSync(existsSync('/usr/bin/clang-14') ? 'clang-14' : 'clang-19', [
    '-O2',
    '-g',
    '-target',
    'bpf',
    '-mcpu=v3',
    '-Wall',
    `-I${include}`,
    '-c',
    source,
    '-o',
    target,
  ]);
}

export function packetProgram(verdict: number): ProgramSpec {
  const instructions = assemble(moveImmediate(0, verdict), exit);
  return { name: 'contract', type: ProgramType.schedCls, expectedAttachType: 0, instructions };
}

export function connectProgram(): ProgramSpec {
  const instructions = assemble(moveImmediate(0, 1), exit);
  const expectedAttachType = AttachType.cgroupInet4Connect;
  return { name: 'contract', type: ProgramType.cgroupSockAddr, expectedAttachType, instructions };
}

/** A UDP connect() on loopback by a process of that cgroup. */
export function connectFrom(cgroup: string): void {
  const connect = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1', 9))";
  execFileSync('sh', ['-c', 'echo $$ > "$1/cgroup.procs" && exec python3 -c "$2"', 'sh', cgroup, connect]);
}

export function caught(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('Nothing was thrown');
}

/** The errno's name of the SysError that `action` throws. */
export function code(action: () => unknown): string {
  const error = caught(action);
  if (error instanceof SysError) return error.code;
  throw error;
}
