import { spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { run } from '../support/command.ts';
import { REPOSITORY } from '../support/repository.ts';
import type { Finding } from './guest/check.ts';
import { COMPILERS, type Kernel, objectOf } from './kernels.ts';

/** Compiles what the guests run: an emulated processor takes ten times as long. */
export async function compileForGuests(): Promise<void> {
  await run([process.execPath, join(REPOSITORY, 'node_modules/typescript/bin/tsc'), '-p', join(REPOSITORY, 'test/vm')]);
  for (const compiler of COMPILERS) {
    const out = join(REPOSITORY, objectOf(compiler), '..');
    await run(['env', `BPF_CLANG=${compiler}`, `BPF_OUT=${out}`, join(REPOSITORY, 'scripts/build-bpf')]);
  }
}

export interface Boot {
  /** The exit status of scripts/vm: 124 and 125 mean that the guest could not end what it began. */
  readonly status: number | undefined;
  readonly findings: readonly Finding[];
  /** Complaints of guest and VM. */
  readonly stderr: string;
}

const LIMIT_SECONDS = 540;

/** One boot for all checks of a kernel. */
export async function bootKernel(kernel: Kernel): Promise<Boot> {
  const guest = ['env', 'BPFSVC_TIME_SCALE=10', 'node', 'dist/vm/test/vm/guest/main.js'];
  const argv = ['-m', '2048', '-t', String(LIMIT_SECONDS), kernel.name, '--', ...guest];
  const child = spawn(join(REPOSITORY, 'scripts/vm'), argv, {
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout: string[] = [];
  const stderr: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => stdout.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
  const status = await new Promise<number | undefined>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? undefined));
  });
  const lines = stdout
    .join('')
    .split('\n')
    .filter((line) => line.startsWith('{"check":'));
  return { status, findings: lines.map((line) => JSON.parse(line) as Finding), stderr: stderr.join('') };
}
