import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pinFolder } from '../support/agent.ts';
import { run } from '../support/command.ts';
import { eventually } from '../support/deadline.ts';
import { createWorld, PORT, VIP, type World } from '../support/world.ts';

/** A resync is due every 30 s. */
const RESYNC_MS = 45_000;

let world: World;
beforeAll(async () => {
  world = await createWorld({ kind: 'routed' });
}, 60_000);
afterAll(() => world?.lab.dispose());

it('what somebody removed by hand comes back within a resync', async () => {
  const { lab } = world;
  const pins = await pinsOf();
  const { probe, rawProbe } = lab.pod('a');
  const target = { host: VIP.single.ipv4, port: PORT, timeoutMs: 500 };
  const target6 = { ...target, host: VIP.single.ipv6 };
  const isAnswered = async () => {
    const outcomes = await Promise.all(
      [target, target6].flatMap((each) => [probe.connect(each), rawProbe.connect(each)]),
    );
    return outcomes.every(({ kind }) => kind === 'answered') ? true : undefined;
  };
  expect(await isAnswered()).toBe(true);

  const entries = JSON.parse(await run(['bpftool', '--json', 'map', 'dump', 'pinned', pins.frontends])) as readonly {
    key: readonly string[];
  }[];
  for (const { key } of entries)
    await run(['bpftool', 'map', 'delete', 'pinned', pins.frontends, 'key', 'hex', ...key.map(hex)]);
  for (const link of pins.links) await run(['bpftool', 'link', 'detach', 'pinned', link]);
  expect(await isAnswered()).toBeUndefined();

  expect(await eventually('the healing', isAnswered, RESYNC_MS)).toBe(true);
}, 90_000);

/** The map of what clients dial, and every link. */
async function pinsOf(): Promise<{ readonly frontends: string; readonly links: readonly string[] }> {
  const root = pinFolder(world.lab);
  const [generation = ''] = (await readdir(root)).filter((name) => /^v[0-9a-f]+$/.test(name));
  const links = join(root, generation, 'links');
  return {
    frontends: join(root, generation, 'maps/frontends'),
    links: (await readdir(links)).map((name) => join(links, name)),
  };
}

/** bpftool prints "0x1f" and reads "1f". */
function hex(byte: string): string {
  return byte.replace(/^0x/, '');
}
