import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/deadline.ts';
import { localPod } from '../support/lab-spec.ts';
import { serviceObjects } from '../support/objects.ts';
import type { Probe } from '../support/probe.ts';
import { createWorld, PORT, serviceOf, TARGET_PORT, vip, type World } from '../support/world.ts';

const CHANGING = vip(40);
/** From the write of a manifest to its effect. */
const SOON_MS = 1_000;

let world: World;
beforeAll(async () => {
  world = await createWorld({ kind: 'routed' });
}, 60_000);
afterAll(() => world?.lab.dispose());

/** Both ways into the dataplane. */
const PATHS = [
  { path: 'socket', probe: (): Probe => world.lab.pod('a').probe },
  { path: 'packet', probe: (): Probe => world.lab.pod('a').rawProbe },
];

describe.each(PATHS)('by the $path path', ({ probe }) => {
  const target = { host: CHANGING.ipv4, port: PORT };

  it('new connections follow the endpoints, and open ones stay', async () => {
    await point(['b']);
    await eventually('b alone', async () => ((await servers(probe())) === 'b' ? true : undefined), SOON_MS);
    const { connection } = await probe().open(target);

    await point(['b', 'r']);
    await eventually('b and r', async () => ((await servers(probe())) === 'b r' ? true : undefined), SOON_MS);
    await point(['r']);
    await eventually('r alone', async () => ((await servers(probe())) === 'r' ? true : undefined), SOON_MS);
    expect(await probe().echo(connection)).toEqual({ kind: 'echoed' });

    await point([]);
    const refused = async () => {
      const outcome = await probe().connect({ ...target, timeoutMs: 500 });
      return outcome.kind === 'failed' ? outcome.code : undefined;
    };
    expect(await eventually('a refusal', refused, SOON_MS)).toBe('ECONNREFUSED');
    expect(await probe().echo(connection)).toEqual({ kind: 'echoed' });

    await point(['b']);
    await eventually('b again', async () => ((await servers(probe())) === 'b' ? true : undefined), SOON_MS);
    await probe().call('tcp-close', { connection });
  });

  it('an unconnected UDP socket stays with its backend until that goes, then moves at once', async () => {
    await point(['b', 'r']);
    await eventually('b and r', async () => ((await servers(probe())) === 'b r' ? true : undefined), SOON_MS);
    const { socket } = await probe().call('udp-open', { family: 4 });
    const ask = async () => {
      await probe().call('udp-send', { socket, text: 'x', ...target });
      const answer = await probe().call('udp-receive', { socket, timeoutMs: 500 });
      return answer.kind === 'received' ? (JSON.parse(answer.text) as { server: string }).server : undefined;
    };
    const first = await eventually('a first answer', ask, SOON_MS);
    const other = first === 'b' ? 'r' : 'b';
    expect([await ask(), await ask(), await ask()]).toEqual([first, first, first]);
    await point([other]);
    const moved = await eventually(
      `the move to ${other}`,
      async () => ((await ask()) === other ? other : undefined),
      SOON_MS,
    );
    expect(moved).toBe(other);
    await probe().call('udp-close', { socket });
  });

  it('an endpoint that terminates keeps its flows and gets no new ones', async () => {
    await point(['b']);
    await eventually('b alone', async () => ((await servers(probe())) === 'b' ? true : undefined), SOON_MS);
    const { connection } = await probe().open(target);
    const { socket } = await probe().call('udp-open', { family: 4 });
    const ask = async () => {
      await probe().call('udp-send', { socket, text: 'x', ...target });
      const answer = await probe().call('udp-receive', { socket, timeoutMs: 2_000 });
      return answer.kind === 'received' ? (JSON.parse(answer.text) as { server: string }).server : answer;
    };
    expect(await ask()).toBe('b');
    await point(['b', 'r'], { terminating: 'b' });
    await eventually('r alone', async () => ((await servers(probe())) === 'r' ? true : undefined), SOON_MS);
    expect([await ask(), await ask()]).toEqual(['b', 'b']);
    expect(await probe().echo(connection)).toEqual({ kind: 'echoed' });
    await probe().call('udp-close', { socket });
    await probe().call('tcp-close', { connection });
  });

  it('a Service that goes takes its VIP along', async () => {
    await point(['b']);
    await eventually('b alone', async () => ((await servers(probe())) === 'b' ? true : undefined), SOON_MS);
    await world.lab.manifests.remove('changing');
    const gone = async () => ((await servers(probe())) === '' ? true : undefined);
    expect(await eventually('the end of the VIP', gone, 4 * SOON_MS)).toBe(true);
  });
});

it('serves a pod that came later, and others after one went', async () => {
  const { lab } = world;
  const late = await lab.addPod(localPod('late', 9));
  await late.probe.serve('late', TARGET_PORT);
  await point(['late']);
  await eventually('late', async () => ((await servers(lab.pod('a').rawProbe)) === 'late' ? true : undefined), SOON_MS);
  await eventually(
    'its own way out',
    async () => ((await servers(late.rawProbe)) === 'late' ? true : undefined),
    SOON_MS,
  );
  await lab.removePod('late');
  await point(['b']);
  await eventually('b', async () => ((await servers(lab.pod('a').rawProbe)) === 'b' ? true : undefined), SOON_MS);
  expect(await lab.invalidPackets()).toBe(0);
});

it('reports a broken manifest and keeps the rest in force', async () => {
  const { lab, agent } = world;
  await point(['b']);
  await eventually('b', async () => ((await servers(lab.pod('a').probe)) === 'b' ? true : undefined), SOON_MS);
  await lab.manifests.write('broken', [
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'broken' }, spec: { clusterIP: 7 } },
  ]);
  const reported = () => agent.lines.find((line) => line.level !== 'info' && JSON.stringify(line).includes('broken'));
  expect(await eventually('a report', reported)).toBeDefined();
  expect(await servers(lab.pod('a').probe)).toBe('b');
  await lab.manifests.remove('broken');
});

async function point(pods: readonly string[], { terminating = '' } = {}): Promise<void> {
  const { lab } = world;
  const service = serviceOf(lab, 'changing', { vip: CHANGING, pods });
  const conditions = { ready: false, serving: true, terminating: true };
  const endpoints = service.endpoints.map((endpoint, index) =>
    pods[index] === terminating ? { ...endpoint, conditions } : endpoint,
  );
  await lab.manifests.write('changing', serviceObjects({ ...service, endpoints }));
}

/** Who answers new connections: "b r", or "" for nobody. */
async function servers(probe: Probe): Promise<string> {
  const target = { host: CHANGING.ipv4, port: PORT, timeoutMs: 500 };
  const outcomes = await Promise.all(Array.from({ length: 16 }, () => probe.connect(target)));
  const names = outcomes.map((each) => (each.kind === 'answered' ? each.server : ''));
  return [...new Set(names)]
    .filter((name) => name !== '')
    .sort()
    .join(' ');
}
