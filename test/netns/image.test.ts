import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LAYOUT_HASH } from '../../src/abi/generated.ts';
import { VERSION } from '../../src/version.ts';
import { Agent } from '../support/agent.ts';
import { run } from '../support/command.ts';
import type { Lab } from '../support/lab.ts';
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

it('is a docker-archive of at most 150 MB whose layers are what it says', async () => {
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
  expect((await stat(join(folder, 'image.tar'))).size).toBeLessThan(150e6);
});

it('holds the program and what shows the rules of another proxy', async () => {
  expect(await inImage(['bpfsvc', '--version'])).toBe(`${VERSION}\n`);
  for (const tool of ['nft', 'iptables-save', 'iptables-legacy-save']) {
    expect(await inImage([tool, '--version'])).toMatch(/ v\d/);
  }
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
