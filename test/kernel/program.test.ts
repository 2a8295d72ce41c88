import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/deadline.ts';
import { REPOSITORY } from '../support/repository.ts';
import { makeScratch, type Scratch } from './hooks-scratch.ts';
import { enterNewNetwork } from './new-network.ts';

const PROGRAM = join(REPOSITORY, 'bin/bpfsvc');

let scratch: Scratch;
let folder: string;

beforeAll(() => {
  enterNewNetwork();
  scratch = makeScratch();
  folder = mkdtempSync(join(tmpdir(), 'bpfsvc-program-'));
  mkdirSync(join(folder, 'manifests'));
});

afterAll(() => {
  scratch[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

interface Ending {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  readonly pid: number;
  readonly ended: Promise<Ending>;
  /** Of stderr so far. */
  readonly said: () => string;
}

function start(words: readonly string[], program = PROGRAM, path = process.env['PATH']): Running {
  const child = spawn(program, words, { env: { ...process.env, PATH: path } });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (part: Buffer) => {
      text[name] += part.toString();
    });
  }
  const ended = once(child, 'close').then((): Ending => ({ status: child.exitCode, ...text }));
  return { pid: child.pid ?? 0, ended, said: () => text.stderr };
}

const call = (...words: readonly string[]): Promise<Ending> => start(words).ended;

async function startAgent(): Promise<Running> {
  const flags = ['--bpffs', join(scratch.bpffs, 'agent'), '--cgroup', scratch.cgroup, '--node-name', 'node-a'];
  const agent = start(['run', '--manifests', join(folder, 'manifests'), ...flags]);
  const inSync = () => (agent.said().includes('dataplane in sync') ? true : undefined);
  await eventually('the first sync', inSync, 20_000);
  return agent;
}

describe('bpfsvc', () => {
  it.each([
    [
      ['run', '--manifests', '/no/such'],
      'Cannot read manifests in "/no/such": there is no such folder: create it or correct the path\n',
    ],
    [
      ['plan', '--config', '/no/such', '--manifests', '/'],
      'Cannot read configuration "/no/such": ENOENT: correct --config\n',
    ],
    [['run', '--bad'], "error: unknown option '--bad' (see bpfsvc run --help)\n"],
    [
      ['run', '--cluster-cidr', 'x'],
      'Cannot use --cluster-cidr: "x" is not a CIDR: write it like 10.0.0.0/8 or fd00::/64\n',
    ],
  ])('%j is refused with status 2 and one sentence', async (words, stderr) => {
    expect(await call(...words)).toEqual({ status: 2, stdout: '', stderr });
  });

  it('prints its version', async () => {
    expect(await call('--version')).toEqual({ status: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it('without a Node of its own runs on any that can, and says so of one that is too old', async () => {
    const program = join(folder, 'bin/bpfsvc');
    cpSync(PROGRAM, program);
    mkdirSync(join(folder, 'dist'));
    symlinkSync(join(REPOSITORY, 'dist/js'), join(folder, 'dist/js'));
    expect(await start(['--version'], program).ended).toEqual({ status: 0, stdout: '0.1.0\n', stderr: '' });

    writeFileSync(join(folder, 'bin/node'), '#!/bin/sh\necho v20.18.3\n', { mode: 0o755 });
    const stderr = 'Cannot run bpfsvc on Node v20.18.3: install Node 20.19 or newer, scripts/setup does\n';
    const ending = await start(['plan'], program, `${join(folder, 'bin')}:/usr/bin:/bin`).ended;
    expect(ending).toEqual({ status: 2, stdout: '', stderr });
  });

  it('ends quietly when nobody reads on', async () => {
    const services = Array.from({ length: 3000 }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: `svc-${index}`, namespace: 'ns' },
      spec: { clusterIP: `10.1.${index >> 8}.${index & 255}`, ports: [{ port: 80 }] },
    }));
    const many = join(folder, 'many');
    mkdirSync(many);
    writeFileSync(join(many, 'all.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: services }));
    const pipe = spawn('bash', ['-c', `set -o pipefail; "${PROGRAM}" plan --manifests "${many}" -o json | head -c 10`]);
    let stderr = '';
    pipe.stderr.on('data', (part: Buffer) => {
      stderr += part.toString();
    });
    pipe.stdout.resume();
    await once(pipe, 'close');
    expect([pipe.exitCode, stderr]).toEqual([0, '']);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends the agent on %s with 0', async (signal) => {
    const agent = await startAgent();
    process.kill(agent.pid, signal);
    expect((await agent.ended).status).toBe(0);
  });

  it('ends the agent at once on a second signal', async () => {
    const large = join(folder, 'large');
    mkdirSync(large);
    for (let index = 0; index < 2000; index += 1) writeFileSync(join(large, `${index}.yaml`), '# nothing\n');
    const agent = start(['run', '--manifests', large, '--bpffs', join(scratch.bpffs, 'agent'), '--v=2']);
    await eventually('its first words', () => (agent.said() === '' ? undefined : true), 20_000);
    // It lists the folder now; whichever comes second names the status.
    for (const signal of ['SIGTERM', 'SIGINT']) process.kill(agent.pid, signal);
    expect([130, 143]).toContain((await agent.ended).status);
  });
});
