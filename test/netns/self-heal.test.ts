import { afterAll, beforeAll, expect, it } from 'vitest';
import { observe } from '../../src/backend/bpf/observe.ts';
import { verify } from '../../src/backend/bpf/verify.ts';
import { type Damage, damagesOf } from '../support/damages.ts';
import { eventually } from '../support/deadline.ts';
import { PinnedMaps } from '../support/pinned-maps.ts';
import { createWorld, type World } from '../support/world.ts';

/** The agent compares with the kernel this often. */
const RESYNC_MS = 30_000;

let world: World;
let maps: PinnedMaps;
let damages: readonly Damage[];
beforeAll(async () => {
  world = await createWorld({ kind: 'routed' });
  maps = PinnedMaps.open(world.lab);
  damages = damagesOf(world.lab, maps);
}, 60_000);
afterAll(async () => {
  maps?.[Symbol.dispose]();
  await world?.lab.dispose();
});

it('repairs every single damage when it compares', async () => {
  const { lab } = world;
  for (const [index, damage] of damages.entries()) {
    expect(await damage.isWell(), damage.name).toBe(true);
    await damage.harm();
    // The kernel lets go of what lost its pin only after a grace period.
    await eventually(`harm: ${damage.name}`, async () => ((await damage.isWell()) ? undefined : true));
    // An address of the node that comes makes the agent compare at once.
    await lab.node.ip([`address add 192.0.2.${index + 1}/32 dev lo`]);
    await eventually(`repair: ${damage.name}`, async () => ((await damage.isWell()) ? true : undefined));
    expect(verify(observe(maps.kernel)).broken, damage.name).toEqual([]);
  }
}, 60_000);

it('repairs all of them together within a resync, with no hint', async () => {
  const { agent } = world;
  const told = agent.lines.length;
  for (const damage of damages) await damage.harm();
  for (const damage of damages) {
    const ask = async () => ((await damage.isWell()) ? true : undefined);
    await eventually(`repair: ${damage.name}`, ask, 1.5 * RESYNC_MS);
  }
  expect(verify(observe(maps.kernel)).broken).toEqual([]);
  const lines = agent.lines.slice(told);
  expect(lines.find(({ cause }) => cause === 'request')?.msg).toBe('dataplane updated');
  expect(lines.filter(({ level }) => level !== 'info')).toEqual([]);
}, 90_000);
