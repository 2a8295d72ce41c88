import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Agent, cleanup } from '../support/agent.ts';
import { bpfObjectsOf, footprint, living } from '../support/footprint.ts';
import type { Lab } from '../support/lab.ts';
import { createServingLab, PORT, VIP } from '../support/world.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await createServingLab({ kind: 'routed' });
  await lab.makeCgroup('agent');
}, 60_000);
afterAll(() => lab?.dispose());

const ENDS = [
  { end: 'SIGTERM', finish: (agent: Agent): Promise<unknown> => agent.stop() },
  { end: 'kill -9', finish: (agent: Agent): Promise<unknown> => agent.kill() },
];

it.each(ENDS)(
  'cleanup removes every trace of an agent that ended by $end',
  async ({ finish }) => {
    const before = await footprint(lab);
    const agent = await Agent.start(lab);
    const { probe, rawProbe } = lab.pod('a');
    const { connection } = await rawProbe.open({ host: VIP.single.ipv4, port: PORT });
    expect((await probe.connect({ host: VIP.single.ipv6, port: PORT })).kind).toBe('answered');
    const objects = await bpfObjectsOf(lab, agent.pid);
    expect(objects.length).toBeGreaterThan(10);

    await finish(agent);
    expect((await probe.connect({ host: VIP.single.ipv4, port: PORT })).kind).toBe('answered');
    await cleanup(lab);
    expect(await footprint(lab)).toEqual(before);
    expect(await living(objects)).toEqual([]);
    await rawProbe.call('tcp-close', { connection });
  },
  60_000,
);

it('an agent mounts a bpffs where none is; cleanup unmounts it', async () => {
  const bpffs = join(lab.folder, 'unmounted');
  const before = await footprint(lab);
  const agent = await Agent.start(lab, { bpffs });
  expect(await agent.stop()).toBe(0);
  expect((await lab.pod('a').probe.connect({ host: VIP.single.ipv4, port: PORT })).kind).toBe('answered');
  await cleanup(lab, bpffs);
  expect(await footprint(lab)).toEqual(before);
}, 60_000);

it('cleanup of a clean node is done at once', async () => {
  const before = await footprint(lab);
  await cleanup(lab);
  expect(await footprint(lab)).toEqual(before);
});
