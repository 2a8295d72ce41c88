import { afterEach, beforeEach, expect, test } from 'vitest';
import { Affinity, AffinityKey, Config, Flow, FlowFlag, maps, Service } from '../../src/abi/generated.ts';
import { configWords } from '../../src/backend/bpf/config-words.ts';
import { probeFeatures } from '../../src/backend/bpf/features.ts';
import { collect } from '../../src/backend/bpf/gc/collect.ts';
import { ImageKeeper } from '../../src/backend/bpf/image-keeper.ts';
import { addressKey } from '../../src/backend/bpf/living-flows.ts';
import { loadDataplane } from '../../src/backend/bpf/load.ts';
import { makePins } from '../../src/backend/bpf/pins.ts';
import { type Ip, ipToBytes } from '../../src/model/ip.ts';
import type { StateDelta } from '../../src/plan/state.ts';
import type { BpfObject } from '../../src/sys/bpf-object.ts';
import { monotonicNs } from '../../src/sys/clock.ts';
import { rawNode, rawService } from '../conformance/objects.ts';
import { planObjects } from '../conformance/plan-objects.ts';
import { makeScratch, type Scratch } from './hooks-scratch.ts';

const TCP = 6;
/** Its place. */
const FLOW = 77;
const VIP = '172.30.0.1' as Ip;
const SEC = 1_000_000_000n;

let scratch: Scratch;
let object: BpfObject;

beforeEach(async () => {
  scratch = makeScratch();
  object = await loadDataplane(makePins(scratch.bpffs), probeFeatures());
});

afterEach(() => {
  object[Symbol.dispose]();
  scratch[Symbol.dispose]();
});

test('tells which addresses flows still dial', async () => {
  putFlow();
  const asked = new Set([VIP, '172.30.0.2' as Ip].map((address) => addressKey(ipToBytes(address))));
  expect((await collect(object, words(), asked)).dialled).toEqual(new Set([addressKey(ipToBytes(VIP))]));
});

test.each([
  { kind: 'renamed', flag: FlowFlag.DIRECT },
  { kind: 'nodeFlows', flag: FlowFlag.NODE },
] as const)('forgets that $kind exist when none is left', async ({ kind, flag }) => {
  const config = new DataView(object.map('config').mmap());
  const read = () => Config.decodeFrom(config, 0);
  putFlow(flag);
  Config.encodeInto(config, 0, { ...read(), [kind]: 1 });
  await collect(object, words(), new Set());
  expect(read()[kind]).not.toBe(0);
  deleteFlow();
  await collect(object, words(), new Set());
  expect(read()[kind]).toBe(0);
});

test("removes affinities after their service's time", async () => {
  const services = new DataView(object.map('services').mmap());
  Service.encodeInto(services, 3 * Service.size, { columns: [0n, 0n, 0n, 0n, 0n, 0n], affinitySec: 4, flags: 0 });
  putAffinity('10.0.0.1', 3, 1n);
  putAffinity('10.0.0.2', 3, 5n);
  putAffinity('10.0.0.3', 4, 1n);
  expect((await collect(object, words(), new Set())).affinitiesDeleted).toBe(2);
  const left = [...object.map('affinities').chunks()].map(({ keys, count }) => [count, AffinityKey.decode(keys)]);
  expect(left).toEqual([[1, { client: '10.0.0.1', serviceId: 3 }]]);
});

test('a VIP that is served no more stays while flows dial it', async () => {
  const planner = planObjects([rawNode(['192.0.2.1']), rawService({ spec: { clusterIP: VIP, clusterIPs: [VIP] } })]);
  const keeper = new ImageKeeper(object, () => performance.now());
  const sync = (delta: StateDelta) =>
    keeper.sync({ state: planner.state(), delta, environment: { deviceAddresses: [] } });
  const { servicePorts, node } = planner.state();
  sync({ updated: servicePorts, removed: new Set(), node });
  planner.apply({ op: 'delete', kind: 'Service', namespace: 'ns1', name: 'svc1' });
  sync(planner.plan());
  const row = () => object.map('vips').lookup(maps.vips.key.encode(VIP));
  const round = async (): Promise<number> => {
    const asked = keeper.draining;
    return keeper.forgetVips(asked, (await collect(object, words(), new Set(asked.keys()))).dialled);
  };
  putFlow();
  expect([...keeper.draining.values()]).toEqual([VIP]);
  expect(await round()).toBe(0);
  expect(row()).toEqual(maps.vips.value.encode({ flags: 0 }));
  deleteFlow();
  expect(await round()).toBe(1);
  expect([row(), keeper.draining.size]).toEqual([undefined, 0]);
});

const words = () => configWords(object.map('config'));

/** A flow with much time left, from a client port of its own. */
function putFlow(flags = 0): void {
  const dialled = { saddr: '10.0.0.2' as Ip, daddr: VIP, sport: 1024, dport: 53 };
  const flow = {
    dialled,
    forwarded: { ...dialled, daddr: '10.0.1.3' as Ip, dport: 5353 },
    serviceId: 1,
    backendId: 1,
    created: 0,
    lookedAt: 0,
    epoch: 0,
    place: FLOW,
    hairpinPort: 0,
    proto: TCP,
    flags,
    tcp: new Uint8Array(2),
    mac: new Uint8Array(6),
    expires: Number(monotonicNs() / SEC) + 1000,
    uplink: 0,
    out: 0,
  };
  object.map('flows').update(maps.flows.key.encode(FLOW), Flow.encode(flow));
}

function deleteFlow(): void {
  object.map('flows').update(maps.flows.key.encode(FLOW), new Uint8Array(Flow.size));
}

function putAffinity(client: string, serviceId: number, age: bigint): void {
  const key = maps.affinities.key.encode({ client: client as Ip, serviceId });
  object.map('affinities').update(key, Affinity.encode({ lastUsedNs: monotonicNs() - age * SEC, backendId: 1 }));
}
