import { afterAll, beforeAll, expect, it } from 'vitest';
import { Agent } from '../support/agent.ts';
import type { Lab } from '../support/lab.ts';
import { startTraffic, stopTraffic } from '../support/traffic.ts';
import { createServingLab, PORT, VIP } from '../support/world.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await createServingLab({ kind: 'routed' });
}, 60_000);
afterAll(() => lab?.dispose());

it('kill -9, a change meanwhile and a restart hurt no connection', async () => {
  const crashing = await Agent.start(lab);
  const traffic = await startTraffic(lab);
  await crashing.kill();
  expect((await lab.pod('a').probe.connect({ host: VIP.single.ipv4, port: PORT })).kind).toBe('answered');
  const agent = await Agent.start(lab);
  await agent.kill();
  const last = await Agent.start(lab);
  await stopTraffic(traffic);
  expect(await last.stop()).toBe(0);
  expect(await lab.invalidPackets()).toBe(0);
}, 60_000);

it('SIGTERM ends it with 0 and leaves the dataplane working; a new one takes over', async () => {
  const agent = await Agent.start(lab);
  const traffic = await startTraffic(lab);
  expect(await agent.stop()).toBe(0);
  const next = await Agent.start(lab);
  await stopTraffic(traffic);
  expect(await next.stop()).toBe(0);
}, 60_000);

it('what changed while no agent ran is in force after the start', async () => {
  const first = await Agent.start(lab);
  await first.kill();
  const services = await lab.manifests.read('services');
  await lab.manifests.remove('services');
  const second = await Agent.start(lab);
  expect((await lab.pod('a').probe.connect({ host: VIP.single.ipv4, port: PORT, timeoutMs: 500 })).kind).not.toBe(
    'answered',
  );
  await second.kill();
  await lab.manifests.write('services', services);
  const third = await Agent.start(lab);
  expect((await lab.pod('a').probe.connect({ host: VIP.single.ipv4, port: PORT })).kind).toBe('answered');
  await third.kill();
}, 60_000);

it('a second agent exits 1 and names the holder; one on standby takes over', async () => {
  const holder = await Agent.start(lab);
  const second = await Agent.launch(lab);
  expect(await second.ended()).toBe(1);
  expect([...second.complaints, ...second.lines.map((line) => JSON.stringify(line))].join('\n')).toContain(
    String(holder.pid),
  );

  const standby = await Agent.launch(lab, { flags: ['--standby'] });
  await holder.kill();
  await standby.logged('dataplane in sync');
  expect(await standby.stop()).toBe(0);
}, 60_000);
