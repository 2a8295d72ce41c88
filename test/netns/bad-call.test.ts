import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CommandError } from '../../src/errors.ts';
import { run } from '../support/command.ts';
import { REPOSITORY } from '../support/repository.ts';

// A call that cannot be right: exit status 2 and one sentence, before anything is touched.

const PROGRAM = join(REPOSITORY, 'bin/bpfsvc');
/** root, but file modes count; another user might not reach this repository. */
const MODES_COUNT = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bpfsvc-call-'));
  await chmod(folder, 0o755);
});
afterAll(() => rm(folder, { recursive: true }));

const RUN = ['run', '--hostname-override', 'node-a'];
const MANIFESTS = ['--manifests', '.'];

it.each([
  { call: ['plan', '--nope'], says: "error: unknown option '--nope' (see bpfsvc plan --help)" },
  { call: ['nope'], says: "error: unknown command 'nope' (see bpfsvc --help)" },
  {
    call: ['plan', '-o', 'xml'],
    says: /^error: option '-o, --output <FORMAT>' argument 'xml' is invalid\. Allowed choices are table, json, yaml/,
  },
  {
    call: RUN,
    says: 'Cannot find a source: KUBERNETES_SERVICE_HOST is not set, so this is no pod: run in a pod with a service account, or give --kubeconfig FILE or --manifests DIR',
  },
  {
    call: [...RUN, '--manifests', '/nonexistent'],
    says: 'Cannot read manifests in "/nonexistent": there is no such folder: create it or correct the path',
  },
  {
    call: [...RUN, '--manifests', '/etc/passwd'],
    says: 'Cannot read manifests in "/etc/passwd": it is a file: give a folder that can be read',
  },
  {
    call: [...RUN, ...MANIFESTS, '--cluster-cidr', 'banana'],
    says: 'Cannot use --cluster-cidr: "banana" is not a CIDR: write it like 10.0.0.0/8 or fd00::/64',
  },
  {
    call: [...RUN, ...MANIFESTS, '--cluster-cidr', '10.0.0.0/8,11.0.0.0/8'],
    says: 'Cannot use --cluster-cidr "10.0.0.0/8,11.0.0.0/8": give one range per family',
  },
  { call: [...RUN, ...MANIFESTS, '--nodeport-addresses', '300.0.0.0/8'], says: /^Cannot use --nodeport-addresses: / },
  {
    call: [...RUN, ...MANIFESTS, '--backend', 'magic'],
    says: 'Cannot use --backend "magic": this version has bpf alone: use auto or bpf',
  },
  { call: [...RUN, ...MANIFESTS, '--socket-hooks', 'maybe'], says: /^error: .*--socket-hooks.*maybe/ },
  { call: [...RUN, ...MANIFESTS, '--standby=perhaps'], says: /^error: .*--standby.*perhaps/ },
  {
    call: ['run', '--hostname-override', 'a b', ...MANIFESTS],
    says: /^Cannot use --hostname-override: "a b" is not a name/,
  },
  {
    call: [...RUN, ...MANIFESTS, '--ready-file', '/proc/none/ready'],
    says: 'Cannot use --ready-file "/proc/none/ready": ENOENT: give a file that can be written',
  },
  {
    call: [...RUN, ...MANIFESTS, '--healthz-bind-address', 'localhost'],
    says: 'Cannot use --healthz-bind-address: "localhost" is no address: write it like 0.0.0.0:10256 or [::1]:10256',
  },
  { call: [...RUN, ...MANIFESTS, '--config', '/nonexistent'], says: /^Cannot .*"\/nonexistent"/ },
  {
    call: ['plan', ...MANIFESTS, '--packet', 'nonsense'],
    says: /^Cannot trace --packet: "nonsense" is not a packet: /,
  },
  { call: ['dump', 'maps', 'nope'], says: /^Cannot dump "nope": there is no such map: use affinities, agent, / },
])('$call', async ({ call, says }) => {
  expect(await complaint([PROGRAM, ...call])).toEqual({ exitCode: 2, says: sentence(says) });
});

it('a file that may not be read', async () => {
  const file = join(folder, 'secret.yaml');
  await writeFile(file, 'kind: Service\n');
  await chmod(file, 0);
  expect(await complaint([...MODES_COUNT, PROGRAM, 'plan', '--manifests', folder])).toEqual({
    exitCode: 2,
    says: `Cannot read manifest "${file}": it can't be read: EACCES: correct its mode or remove it`,
  });
  await rm(file);
});

it('a link that leads nowhere', async () => {
  const file = join(folder, 'link.yaml');
  await symlink('/nonexistent', file);
  expect(await complaint([PROGRAM, ...RUN, '--manifests', folder])).toEqual({
    exitCode: 2,
    says: `Cannot read manifest "${file}": its link leads nowhere: correct or remove it`,
  });
  await rm(file);
});

/** Status and stderr of a call that must fail; one line alone. */
async function complaint(
  argv: readonly string[],
): Promise<{ readonly exitCode: number | undefined; readonly says: string }> {
  try {
    await run(argv);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { exitCode: error.exitCode, says: error.stderr.replace(/\n$/, '') };
  }
  throw new Error(`Cannot see "${argv.join(' ')}" fail: it succeeded`);
}

/** Whatever the pattern leaves open is one line. */
function sentence(says: string | RegExp): unknown {
  return typeof says === 'string' ? says : expect.stringMatching(new RegExp(`${says.source}.*$`));
}
