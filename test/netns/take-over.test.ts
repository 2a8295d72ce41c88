import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NODE } from '../support/addresses.ts';
import { Agent, type AgentOptions, cleanup } from '../support/agent.ts';
import { eventually, TIME_SCALE } from '../support/deadline.ts';
import { type Got, httpGet } from '../support/http-get.ts';
import type { Lab } from '../support/lab.ts';
import { serviceObjects } from '../support/objects.ts';
import { startTraffic, stopTraffic } from '../support/traffic.ts';
import { createServingLab, PORT, serviceOf, VIP, vip } from '../support/world.ts';

// Two agents overlap on a node, as in a rolling update: one holds it, the other stands by.

/** From the end of the holder to the log line of the one that stood by. */
const TAKE_OVER_MS = 10_000;
/** From the start of an agent until it stands by. */
const STANDBY_MS = 20_000;

let lab: Lab;
/** Of the test that runs: none may be left for the next one. */
let agents: Agent[] = [];
beforeAll(async () => {
  lab = await createServingLab({ kind: 'routed' });
}, 60_000);
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.kill()));
  agents = [];
});
afterAll(() => lab?.dispose());

describe.each([
  ['SIGTERM', (agent: Agent) => agent.stop(), 0],
  ['SIGKILL', (agent: Agent) => agent.kill(), undefined],
] as const)('%s of the holder', (signal, end, status) => {
  it('one that stands by is ready, takes over in time, and no connection fails', async () => {
    const readyFile = join(lab.folder, `ready-${signal}`);
    const holder = await start();
    const standby = await launch(standingBy(readyFile));
    await eventually('the ready file', () => existsSync(readyFile) || undefined, STANDBY_MS);
    expect(standby.lines.map(({ msg }) => msg)).not.toContain('dataplane in sync');

    const traffic = await startTraffic(lab);
    expect((await end(holder)) ?? undefined).toBe(status);
    const ended = performance.now();
    await standby.logged('dataplane in sync');
    expect(performance.now() - ended).toBeLessThan(TAKE_OVER_MS * TIME_SCALE);
    await stopTraffic(traffic);
    expect(await lab.invalidPackets()).toBe(0);

    expect((await eventually('health', () => health().catch(() => undefined), TAKE_OVER_MS)).status).toBe(200);
    expect(standby.lines.filter(({ level }) => level !== 'info')).toEqual([]);
    expect(await standby.stop()).toBe(0);
    expect(existsSync(readyFile)).toBe(false);
  }, 60_000);
});

it('what changed while it stood by is in force once it has taken over', async () => {
  const holder = await start();
  const readyFile = join(lab.folder, 'ready-late');
  const standby = await launch(standingBy(readyFile));
  await eventually('the ready file', () => existsSync(readyFile) || undefined, STANDBY_MS);
  const late = serviceOf(lab, 'late', { vip: vip(50), pods: ['b'] });
  await lab.manifests.write('late', serviceObjects(late));
  await holder.logged('dataplane updated');
  await holder.kill();
  await lab.manifests.remove('late');
  await standby.logged('dataplane in sync');
  const target = { host: vip(50).ipv4, port: PORT, timeoutMs: 500 };
  const isGone = async () => ((await lab.pod('a').probe.connect(target)).kind === 'answered' ? undefined : true);
  await eventually('the end of the Service', isGone, TAKE_OVER_MS);
  expect((await lab.pod('a').probe.connect({ host: VIP.single.ipv4, port: PORT })).kind).toBe('answered');
  expect(await standby.stop()).toBe(0);
}, 60_000);

it('of several that stand by one takes over, and the others go on waiting', async () => {
  const holder = await start();
  const waiting = [await launch(standingBy()), await launch(standingBy())];
  await Promise.all(waiting.map((agent) => agent.logged('another agent holds the node, waiting')));
  await holder.kill();
  const inSync = (agent: Agent) => agent.lines.some(({ msg }) => msg === 'dataplane in sync');
  const first = await eventually('the first to take over', () => waiting.find(inSync), TAKE_OVER_MS);
  const second = waiting.find((agent) => agent !== first);
  if (second === undefined) throw new Error('Cannot find the second');
  expect(inSync(second)).toBe(false);
  expect(await first.stop()).toBe(0);
  await second.logged('dataplane in sync');
  expect(await second.stop()).toBe(0);
}, 60_000);

it('one that could not take over, for another layout, ends instead of standing by', async () => {
  const bpffs = join(lab.bpffs, 'layouts');
  const holder = await start({ bpffs });
  await mkdir(join(bpffs, 'v0123456789ab'));
  const readyFile = join(lab.folder, 'ready-never');
  const other = await launch({ ...standingBy(readyFile), bpffs });
  expect(await other.ended()).toBe(1);
  expect(other.lines.at(-1)?.['reason']).toContain('it has layout v0123456789ab');
  expect(existsSync(readyFile)).toBe(false);
  expect(await holder.stop()).toBe(0);
  await cleanup(lab, bpffs);
}, 60_000);

it('the ports answer for the agent that holds the node, on the addresses they should', async () => {
  const agent = await start();
  const get = (path: string) => eventually(path, () => httpGet(lab.node, path).catch(() => undefined), STANDBY_MS);
  const healthz = await get('http://127.0.0.1:10256/healthz');
  expect([healthz.status, JSON.parse(healthz.body)]).toMatchObject([
    200,
    { nodeEligible: true, healthy: true, status: { IPv4: { healthy: true }, IPv6: { healthy: true } } },
  ]);
  for (const host of [NODE.ipv4, `[${NODE.ipv6}]`]) {
    expect((await httpGet(lab.remote, `http://${host}:10256/livez`)).status).toBe(200);
  }
  expect(await get('http://127.0.0.1:10249/proxyMode')).toEqual({ status: 200, body: 'bpf' });
  const { body } = await get('http://127.0.0.1:10249/metrics');
  expect(body).toMatch(/^kubeproxy_sync_proxy_rules_duration_seconds_count\{ip_family="IPv4"\} [1-9]/m);
  await expect(httpGet(lab.remote, `http://${NODE.ipv4}:10249/metrics`)).rejects.toThrow('ECONNREFUSED');
  expect(await agent.stop()).toBe(0);
}, 60_000);

async function start(options?: AgentOptions): Promise<Agent> {
  const agent = await launch(options);
  await agent.logged('dataplane in sync');
  return agent;
}

async function launch(options?: AgentOptions): Promise<Agent> {
  const agent = await Agent.launch(lab, options);
  agents.push(agent);
  return agent;
}

function standingBy(readyFile?: string): AgentOptions {
  return { flags: ['--standby', ...(readyFile === undefined ? [] : ['--ready-file', readyFile])] };
}

function health(): Promise<Got> {
  return httpGet(lab.node, 'http://127.0.0.1:10256/healthz');
}
