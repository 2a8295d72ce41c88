import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/deadline.ts';
import { serviceObjects } from '../support/objects.ts';
import type { Probe } from '../support/probe.ts';
import { createWorld, PORT, serviceOf, vip, type World } from '../support/world.ts';

const STICKY = vip(50);
const ATTEMPTS = 20;

let world: World;
beforeAll(async () => {
  world = await createWorld({ kind: 'routed' });
  await point(['b', 'r']);
  const { probe } = world.lab.node;
  const served = async () =>
    (await probe.connect({ host: STICKY.ipv6, port: PORT })).kind === 'answered' ? true : undefined;
  await eventually('the Service', served);
}, 60_000);
afterAll(() => world?.lab.dispose());

describe.each(['ipv4', 'ipv6'] as const)('session affinity, %s', (family) => {
  it('sends a pod to one endpoint, whether its sockets pass a hook or not', async () => {
    const { probe, rawProbe } = world.lab.pod('a');
    const servers = [...(await tcp(probe, family)), ...(await tcp(rawProbe, family))];
    expect(new Set(servers).size).toBe(1);
  });

  it('sends the node to one endpoint', async () => {
    expect(new Set(await tcp(world.lab.node.probe, family)).size).toBe(1);
  });

  it('holds for UDP too, by a mapping of its own', async () => {
    const target = { host: STICKY[family], port: PORT, connected: false };
    const { probe, rawProbe } = world.lab.pod('a');
    const outcomes = await Promise.all(
      Array.from({ length: ATTEMPTS }, (_, turn) => (turn % 2 === 0 ? probe : rawProbe).exchange(target)),
    );
    const servers = new Set(outcomes.map((each) => (each.kind === 'answered' ? each.server : each.kind)));
    expect([...servers].filter((server) => server === 'b' || server === 'r')).toEqual([...servers]);
    expect(servers.size).toBe(1);
  });
});

it('moves the clients of an endpoint that goes, and they stay where they moved', async () => {
  const { probe } = world.lab.pod('a');
  const [first] = await tcp(probe, 'ipv4');
  const other = first === 'b' ? 'r' : 'b';
  await point([other]);
  const moved = async () => ((await tcp(probe, 'ipv4'))[0] === other ? other : undefined);
  expect(await eventually('the move', moved)).toBe(other);
  await point(['b', 'r']);
  expect(new Set(await tcp(probe, 'ipv4'))).toEqual(new Set([other]));
});

/** Who answers connections, one after the other. */
async function tcp(probe: Probe, family: 'ipv4' | 'ipv6'): Promise<readonly string[]> {
  const servers: string[] = [];
  for (let turn = 0; turn < ATTEMPTS; turn++) {
    const outcome = await probe.connect({ host: STICKY[family], port: PORT });
    servers.push(outcome.kind === 'answered' ? outcome.server : outcome.kind);
  }
  return servers;
}

async function point(pods: readonly string[]): Promise<void> {
  const { lab } = world;
  const service = serviceOf(lab, 'sticky', { vip: STICKY, pods });
  const sessionAffinity = { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } };
  await lab.manifests.write('sticky', serviceObjects({ ...service, spec: sessionAffinity }));
}
