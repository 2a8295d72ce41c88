import { rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NODE_NAME } from '../support/addresses.ts';
import { bpfsvc, type LogLine } from '../support/agent.ts';
import { type BadManifest, badManifests } from '../support/bad-manifests.ts';
import { eventually } from '../support/deadline.ts';
import { serviceObjects } from '../support/objects.ts';
import { createWorld, PORT, serviceOf, VIP, vip, type World } from '../support/world.ts';

interface Ignored {
  readonly object: string;
  readonly reason: string;
}

const BAD = badManifests();
const EXPECTED = BAD.flatMap(({ objects }) => objects).sort();

let world: World;
beforeAll(async () => {
  world = await createWorld({ kind: 'routed' });
}, 60_000);
afterAll(() => world?.lab.dispose());

it('objects of any shape are refused one by one, and no other Service notices', async () => {
  const { agent } = world;
  const stop = await startTraffic();
  for (const manifest of BAD) await drop(manifest);
  await eventually('every refusal', () => (refusedObjects().length >= EXPECTED.length ? true : undefined), 20_000);
  await takesAChange(50);
  expect(refusedObjects()).toEqual(EXPECTED);

  const told = ignoredLines().map(toIgnored);
  expect(sorted(told)).toEqual(sorted(await planIgnored()));
  for (const { reason } of told) expect(reason).toMatch(CAUSE_AND_CURE);
  expect(agent.lines.filter(({ level }) => level !== 'info' && level !== 'warn')).toEqual([]);
  await stop();
}, 60_000);

it('what was told is not told again', async () => {
  const { lab } = world;
  const before = ignoredLines().length;
  const now = new Date();
  for (const { file } of BAD) await utimes(join(lab.manifests.folder, file), now, now);
  await takesAChange(51);
  expect(ignoredLines()).toHaveLength(before);
}, 60_000);

it('a file that becomes unreadable keeps what it held in force, and is told', async () => {
  const { lab } = world;
  const services = await lab.manifests.read('services');
  const file = join(lab.manifests.folder, 'services.json');
  await rm(file);
  await symlink('/nonexistent', file);
  const line = await eventually('the refusal', () => ignoredLines().find(({ object }) => object === 'services.json'));
  expect(toIgnored(line)).toEqual({
    object: 'services.json',
    reason: 'its link leads nowhere: correct or remove it',
  });
  expect((await lab.pod('a').probe.connect({ host: VIP.single.ipv4, port: PORT })).kind).toBe('answered');
  await lab.manifests.write('services', services);
  await takesAChange(52);
});

it('what is corrected or removed is taken back', async () => {
  const { lab, agent } = world;
  for (const { file } of BAD) await rm(join(lab.manifests.folder, file));
  const back = () => agent.lines.filter(({ msg }) => msg === 'object no longer ignored').map(({ object }) => object);
  await eventually('every refusal taken back', () => (back().length > EXPECTED.length ? true : undefined), 20_000);
  expect(back().sort()).toEqual([...EXPECTED, 'services.json'].sort());
  expect(await planIgnored()).toEqual([]);
  expect(await agent.stop()).toBe(0);
}, 60_000);

/** "what is wrong: what to do" */
const CAUSE_AND_CURE = /.: (?:change|correct|keep|remove|rename|split|use|write)\b/;

/** In one step, as editors do. */
async function drop({ file, content }: BadManifest): Promise<void> {
  const { folder } = world.lab.manifests;
  const draft = `${folder}.bad`;
  await writeFile(draft, content);
  await rename(draft, join(folder, file));
}

function ignoredLines(): readonly LogLine[] {
  return world.agent.lines.filter(({ msg }) => msg === 'object ignored');
}

function toIgnored({ object, reason }: LogLine): Ignored {
  return { object: String(object), reason: String(reason) };
}

/** Each once, though it may have several reasons. */
function refusedObjects(): readonly string[] {
  return [...new Set(ignoredLines().map(({ object }) => String(object)))].sort();
}

async function planIgnored(): Promise<readonly Ignored[]> {
  const flags = ['--manifests', world.lab.manifests.folder, '--hostname-override', NODE_NAME, '--output', 'json'];
  return (JSON.parse(await bpfsvc(world.lab, ['plan', ...flags])) as { readonly ignored: readonly Ignored[] }).ignored;
}

function sorted(ignored: readonly Ignored[]): readonly string[] {
  return ignored.map(({ object, reason }) => `${object}: ${reason}`).sort();
}

/** A new Service answers and goes: the agent is at work, and whatever came before has been read. */
async function takesAChange(number: number): Promise<void> {
  const { lab } = world;
  const service = serviceOf(lab, 'good', { vip: vip(number), pods: ['b'] });
  await lab.manifests.write('good', serviceObjects(service));
  await eventually(
    'a good Service',
    async () => {
      const target = { host: vip(number).ipv4, port: PORT, timeoutMs: 300 };
      return (await lab.pod('a').rawProbe.connect(target)).kind === 'answered' ? true : undefined;
    },
    10_000,
  );
  await lab.manifests.remove('good');
}

/** Of every kind of client; the returned function wants all of it answered. */
async function startTraffic(): Promise<() => Promise<void>> {
  const { lab } = world;
  const target = { host: VIP.web.ipv4, port: PORT };
  const probes = [lab.pod('a').probe, lab.pod('a').rawProbe, lab.node.probe];
  const stops = await Promise.all(
    probes.flatMap((probe) => [probe.traffic('new-tcp', target, 20), probe.traffic('new-udp', target, 20)]),
  );
  return async () => {
    for (const stop of stops) {
      const { failures, answered } = await stop();
      expect(failures).toEqual({});
      expect(answered).toBeGreaterThan(0);
    }
  };
}
