import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LAYOUT_HASH } from '../../src/abi/generated.ts';
import { VERSION } from '../../src/version.ts';
import { rawNode, rawService } from '../conformance/objects.ts';
import { Agent } from '../support/agent.ts';
import { run } from '../support/command.ts';
import { startFakeApi } from '../support/fake-api.ts';
import { FakeCluster } from '../support/fake-cluster.ts';
import type { Lab } from '../support/lab.ts';
import { startProxy } from '../support/proxy.ts';
import { REPOSITORY } from '../support/repository.ts';
import { createServingLab, PORT, VIP } from '../support/world.ts';

// The image that scripts/image builds, unpacked; its files alone are seen by what runs in it.

interface Manifest {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

interface ImageConfig {
  readonly architecture: string;
  readonly config: { readonly Entrypoint: readonly string[]; readonly Env: readonly string[] };
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

const OIDC_TOKEN = [{ alg: 'none' }, { exp: 4_000_000_000 }]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .concat('x')
  .join('.');

let folder: string;
let root: string;
let lab: Lab | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bpfsvc-image-'));
  root = join(folder, 'root');
  await run([join(REPOSITORY, 'scripts/image'), join(folder, 'image.tar')]);
  await run(['mkdir', join(folder, 'archive'), root]);
  await run(['tar', '-xf', join(folder, 'image.tar'), '-C', join(folder, 'archive')]);
  for (const layer of (await manifest()).Layers) {
    await run(['tar', '-xzf', join(folder, 'archive', layer), '-C', root]);
  }
}, 240_000);
afterAll(async () => {
  await lab?.dispose();
  await rm(folder, { recursive: true });
});

it('is a docker-archive whose layers are what it says', async () => {
  const { RepoTags, Config, Layers } = await manifest();
  const config = JSON.parse(await readFile(join(folder, 'archive', Config), 'utf8')) as ImageConfig;
  expect(RepoTags).toEqual(['bpfsvc:dev']);
  expect(config.config.Entrypoint).toEqual(['/usr/bin/bpfsvc']);
  const sums = Layers.map((layer) =>
    run(['sh', '-c', `gzip -dc "$0" | sha256sum`, join(folder, 'archive', layer)]).then(
      (text) => `sha256:${text.slice(0, 64)}`,
    ),
  );
  expect(config.rootfs.diff_ids).toEqual(await Promise.all(sums));
  expect((await stat(join(folder, 'image.tar'))).size).toBeLessThan(60e6);
});

it('holds the program and what shows the rules of another proxy', async () => {
  expect(await inImage(['bpfsvc', '--version'])).toBe(`${VERSION}\n`);
  for (const tool of ['nft', 'iptables-save', 'iptables-legacy-save']) {
    expect(await inImage([tool, '--version'])).toMatch(/ v\d/);
  }
});

it.each([
  [
    'an exec plug-in',
    { user: { exec: { command: '/tmp/plugin', apiVersion: 'client.authentication.k8s.io/v1' } } },
    'P',
  ],
  ['an OIDC provider', { user: { 'auth-provider': { name: 'oidc', config: { 'id-token': OIDC_TOKEN } } } }, OIDC_TOKEN],
  ['a token file of a provider', { user: { 'auth-provider': { config: { tokenFile: '/tmp/token' } } } }, 'F'],
  ['a proxy of http', { user: { token: 'T' }, proxy: 'http' }, 'T'],
  ['a proxy of socks5', { user: { token: 'T' }, proxy: 'socks5' }, 'T'],
] as const)('reads a kubeconfig with %s', async (_, { user, ...by }, token) => {
  const cluster = new FakeCluster([rawNode(['192.0.2.1']), rawService({})]);
  await using api = await startFakeApi('https', cluster.answer);
  await using proxy = 'proxy' in by ? await startProxy(by.proxy) : undefined;
  const way = proxy === undefined ? {} : { 'proxy-url': proxy.url };
  const config = {
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: api.url, 'certificate-authority-data': btoa(api.ca), ...way } }],
    users: [{ name: 'u', user }],
  };
  const credential = JSON.stringify({ kind: 'ExecCredential', status: { token: 'P' } });
  await writeFile(join(root, 'tmp/plugin'), `#!/bin/sh\necho '${credential}'\n`, { mode: 0o755 });
  await writeFile(join(root, 'tmp/token'), 'F');
  await writeFile(join(root, 'tmp/kubeconfig'), JSON.stringify(config));
  const plan = await inImage(['bpfsvc', 'plan', '--kubeconfig', '/tmp/kubeconfig', '--hostname-override', 'node-a']);
  expect(plan).toContain('172.30.0.41');
  expect(new Set(api.requests.map(({ headers }) => headers['authorization']))).toEqual(new Set([`Bearer ${token}`]));
  expect(proxy?.targets.length).not.toBe(0);
});

it('runs the agent: real connections reach their endpoints', async () => {
  lab = await createServingLab({ kind: 'routed' });
  // In a mount namespace of its own; the folder of the lab holds the bpffs and the manifests.
  const enter = `mkdir -p "$0$1" && mount --rbind /sys "$0/sys" && mount -t proc proc "$0/proc" &&
    mount --rbind "$1" "$0$1" && shift && exec chroot "$0" bpfsvc "$@"`;
  const agent = await Agent.start(lab, {
    program: ['unshare', '--mount', 'sh', '-c', enter, root, lab.folder],
    environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  const loaded = await agent.logged('programs loaded');
  expect(loaded['generation']).toBe(`v${LAYOUT_HASH}`);
  for (const family of ['ipv4', 'ipv6'] as const) {
    for (const client of [lab.pod('a').probe, lab.pod('a').rawProbe, lab.node.probe]) {
      expect(await client.connect({ host: VIP.single[family], port: PORT })).toMatchObject({
        kind: 'answered',
        server: 'b',
      });
    }
  }
  expect(await agent.stop()).toBe(0);
}, 60_000);

async function manifest(): Promise<Manifest> {
  const [only] = JSON.parse(await readFile(join(folder, 'archive/manifest.json'), 'utf8')) as readonly Manifest[];
  if (only === undefined) throw new Error('Cannot find an image in the archive');
  return only;
}

function inImage(argv: readonly string[]): Promise<string> {
  return run(['env', '-i', 'PATH=/usr/sbin:/usr/bin', 'chroot', root, ...argv]);
}
