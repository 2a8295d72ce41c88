import { afterAll, beforeAll, expect, it } from 'vitest';
import { Sizes } from '../../src/abi/generated.ts';
import { observe } from '../../src/backend/bpf/observe.ts';
import { verify } from '../../src/backend/bpf/verify.ts';
import { Agent, type LogLine } from '../support/agent.ts';
import { eventually } from '../support/deadline.ts';
import { serviceObjects } from '../support/objects.ts';
import { PinnedMaps } from '../support/pinned-maps.ts';
import { createWorld, PORT, serviceOf, VIP, vip, type World } from '../support/world.ts';

// A Service that a map has no room for: source_ranges is the smallest that one Service can fill.

const HUGE = vip(50);
const BALANCED = '198.51.100.50';
const TOO_MANY = Sizes.MAX_SOURCE_RANGES + 1;

let world: World;
let maps: PinnedMaps;
beforeAll(async () => {
  world = await createWorld({ kind: 'routed' });
  maps = PinnedMaps.open(world.lab);
}, 60_000);
afterAll(async () => {
  maps?.[Symbol.dispose]();
  await world?.lab.dispose();
});

it('a Service that does not fit is named, leaves nothing behind, and others go on', async () => {
  await writeHuge({ ranges: TOO_MANY, pods: ['b'] });
  const refusal = await told('service refused');
  expect(refusal).toMatchObject({ level: 'warn', svc: 'default/huge' });
  expect(refusal['reason']).toContain('source_ranges');
  expect(rowsOfHuge()).toEqual({ names: 0, frontends: 0, ranges: 0 });
  expect(await met(BALANCED)).not.toBe('b');
  await others();
}, 60_000);

it('comes into force once it fits', async () => {
  await writeHuge({ ranges: 3, pods: ['b'] });
  expect(await told('service no longer refused')).toMatchObject({ level: 'info', svc: 'default/huge' });
  await eventually('the Service', async () => ((await met(BALANCED)) === 'b' ? true : undefined));
  expect(rowsOfHuge()).toEqual({ names: 2, frontends: 4, ranges: 6 });
}, 60_000);

it('a change that does not fit is not made by halves: the Service stays as it was', async () => {
  const before = world.agent.lines.length;
  await writeHuge({ ranges: TOO_MANY, pods: ['r'] });
  expect(await told('service refused', before)).toMatchObject({ level: 'warn', svc: 'default/huge' });
  expect([await met(BALANCED), await met(HUGE.ipv4)]).toEqual(['b', 'b']);
  expect(rowsOfHuge()).toEqual({ names: 2, frontends: 4, ranges: 6 });
  await others();
}, 60_000);

it('nor is it by an agent that starts with it', async () => {
  await world.agent.kill();
  const next = await Agent.start(world.lab);
  await eventually('the refusal', () => next.lines.find(({ svc }) => svc === 'default/huge'));
  expect([await met(BALANCED), await met(HUGE.ipv4)]).toEqual(['b', 'b']);
  expect(rowsOfHuge()).toEqual({ names: 2, frontends: 4, ranges: 6 });
  expect(await next.stop()).toBe(0);
}, 60_000);

/** Its ranges hold pod a. */
async function writeHuge({
  ranges,
  pods,
}: {
  readonly ranges: number;
  readonly pods: readonly string[];
}): Promise<void> {
  const { lab } = world;
  const loadBalancerSourceRanges = Array.from({ length: ranges }, (_, index) =>
    index === 0 ? '10.180.0.0/24' : `11.${index >> 16}.${(index >> 8) & 255}.${index & 255}/32`,
  );
  const service = serviceOf(lab, 'huge', { vip: HUGE, pods });
  const objects = serviceObjects({
    ...service,
    clusterIPs: [HUGE.ipv4],
    spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', loadBalancerSourceRanges },
    status: { loadBalancer: { ingress: [{ ip: BALANCED, ipMode: 'VIP' }] } },
  });
  await lab.manifests.write('huge', objects);
}

function told(message: string, after = 0): Promise<LogLine> {
  return eventually(
    `log line "${message}"`,
    () => world.agent.lines.slice(after).find(({ msg }) => msg === message),
    20_000,
  );
}

/** Who answers pod a, or what else it meets. */
async function met(host: string): Promise<string> {
  const outcome = await world.lab.pod('a').rawProbe.connect({ host, port: PORT, timeoutMs: 500 });
  if (outcome.kind === 'answered') return outcome.server;
  return outcome.kind === 'failed' ? outcome.code : outcome.kind;
}

function rowsOfHuge(): { readonly names: number; readonly frontends: number; readonly ranges: number } {
  const image = observe(maps.kernel);
  expect(verify(image).broken).toEqual([]);
  const rows = [...image.services.values()].filter(({ name }) => name?.startsWith('default/huge:') === true);
  return {
    names: rows.length,
    frontends: [...image.frontends.values()].filter(({ key }) => [HUGE.ipv4, BALANCED].includes(key.addr)).length,
    ranges: image.counts.source_ranges,
  };
}

/** The standing Services answer, and take a change. */
async function others(): Promise<void> {
  const { lab } = world;
  const other = vip(51);
  expect(await met(VIP.single.ipv4)).toBe('b');
  await lab.manifests.write('other', serviceObjects(serviceOf(lab, 'other', { vip: other, pods: ['r'] })));
  await eventually('a new Service', async () => ((await met(other.ipv6)) === 'r' ? true : undefined));
  await lab.manifests.remove('other');
}
