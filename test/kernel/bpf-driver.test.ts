import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Device, maps, VipFlag } from '../../src/abi/generated.ts';
import type { Backend } from '../../src/backend/backend.ts';
import { type BpfBackendOptions, createBpfBackend } from '../../src/backend/bpf/driver.ts';
import { pinsOf } from '../../src/backend/bpf/pins.ts';
import { type Ip, parseIp } from '../../src/model/ip.ts';
import type { Planner } from '../../src/plan/planner.ts';
import type { StateDelta } from '../../src/plan/state.ts';
import { AttachType } from '../../src/sys/bpf-constants.ts';
import { BpfMap } from '../../src/sys/bpf-map.ts';
import { effectiveCgroupPrograms } from '../../src/sys/bpf-query.ts';
import { rawEndpoint, rawNode, rawService, rawSlice } from '../conformance/objects.ts';
import { planObjects, setRaw } from '../conformance/plan-objects.ts';
import { eventually } from '../support/deadline.ts';
import { makeScratch, makeVeth, type Scratch } from './hooks-scratch.ts';

const RESYNC: StateDelta = { updated: new Map(), removed: new Set(), node: undefined };
const VIP = ip('172.30.0.41');

let scratch: Scratch;
let running: Backend[];

beforeEach(() => {
  scratch = makeScratch();
  running = [];
});

afterEach(async () => {
  for (const backend of running) await backend[Symbol.asyncDispose]();
  scratch[Symbol.dispose]();
});

test('serves, finds nothing to do after a restart, and lets go on cleanup', async () => {
  const planner = plan(['10.0.1.5', '10.0.1.6']);
  const first = await start();
  const { writes, tookMs, ...served } = await first.sync(planner.state(), everything(planner));
  expect(served).toEqual({ frontends: 1, backends: 2, refused: [] });
  expect(tookMs).toBeGreaterThan(0);
  expect(writes).toBeGreaterThan(5);
  expect(rows('frontends')).toBe(1);
  await stop(first);
  expect(connectHooks()).toBe(1);

  const second = await start();
  expect((await second.sync(planner.state(), everything(planner))).writes).toBe(0);
  expect(connectHooks()).toBe(1);
  running = [];
  await second.cleanup();
  expect(connectHooks()).toBe(0);
  expect(readdirSync(scratch.bpffs).filter((name) => !name.endsWith('.debug'))).toEqual([]);
});

test('a changed endpoint costs writes of its own only', async () => {
  const planner = plan(['10.0.1.5']);
  const backend = await start();
  await backend.sync(planner.state(), everything(planner));
  setRaw(planner, slice(['10.0.1.5', '10.0.1.7']));
  const delta = planner.plan();
  const { writes, backends } = await backend.sync(planner.state(), delta);
  expect([writes, backends]).toEqual([5, 2]);
});

test('a resync of an idle node writes nothing, and finds what others broke', async () => {
  const planner = plan(['10.0.1.5']);
  let requests = 0;
  const backend = await start({ requestSync: () => (requests += 1) });
  await backend.sync(planner.state(), everything(planner));
  expect((await backend.sync(planner.state(), RESYNC)).writes).toBe(0);

  const before = requests;
  using frontends = openMap('frontends');
  frontends.delete(maps.frontends.key.encode({ addr: VIP, port: 80, proto: 6 }));
  rmSync(join(pinsOf(scratch.bpffs).links, 'connect4'));
  await eventually('the program to leave', () => connectHooks() === 0 || undefined);
  let writes = 0;
  const isRepaired = async () => {
    writes += (await backend.sync(planner.state(), RESYNC)).writes;
    return rows('frontends') === 1 || undefined;
  };
  await eventually('the repair of what a comparison finds', isRepaired);
  expect([writes, connectHooks()]).toEqual([1, 1]);
  expect(requests).toBeGreaterThan(before);
});

test('devices that come and go are followed', async () => {
  const planner = plan([]);
  const backend = await start();
  await backend.sync(planner.state(), everything(planner));
  using devices = openMap('devices');
  const key = (ifindex: number) => new Uint8Array(Uint32Array.of(ifindex).buffer);
  let ifindex: number;
  {
    using veth = makeVeth();
    ifindex = veth.ifindex;
    const row = await eventually('the device to be attached', () => devices.lookup(key(ifindex)));
    expect(Device.decode(row).role).toBe(1);
  }
  expect(
    await eventually('the device to be forgotten', () => devices.lookup(key(ifindex)) === undefined || undefined),
  ).toBe(true);
});

test('without socket hooks those of an earlier run go', async () => {
  const planner = plan([]);
  const first = await start();
  await first.sync(planner.state(), everything(planner));
  await stop(first);
  const second = await start({ socketHooks: false });
  await second.sync(planner.state(), everything(planner));
  expect(connectHooks()).toBe(0);
});

test('a Service that does not fit is refused by name, the rest is served', async () => {
  const planner = plan(['10.0.1.5']);
  setRaw(
    planner,
    rawService({ metadata: { name: 'svc2' }, spec: { clusterIP: '172.30.0.42', clusterIPs: ['172.30.0.42'] } }),
  );
  planner.plan();
  const backend = await start({ maxEntries: new Map([['frontends', 1]]) });
  const { frontends, refused } = await backend.sync(planner.state(), everything(planner));
  expect([frontends, refused.length]).toEqual([1, 1]);
  expect(refused[0]?.reason).toContain('"frontends"');
});

test('a deleted VIP drains, and is forgotten by nobody before its flows', async () => {
  const planner = plan(['10.0.1.5']);
  const backend = await start();
  await backend.sync(planner.state(), everything(planner));
  planner.apply({ op: 'delete', kind: 'Service', namespace: 'ns1', name: 'svc1' });
  await backend.sync(planner.state(), planner.plan());
  using vips = openMap('vips');
  const flags = maps.vips.value.decode(vips.lookup(maps.vips.key.encode(VIP)) ?? new Uint8Array(4).fill(255)).flags;
  expect(flags & VipFlag.CLUSTER_IP).toBe(0);
});

async function start(options: Partial<BpfBackendOptions> = {}): Promise<Backend> {
  const backend = await createBpfBackend({
    bpffs: scratch.bpffs,
    cgroup: scratch.cgroup,
    socketHooks: true,
    uplinks: ['none'],
    podDevices: [`bh${process.pid}-*`],
    nodeName: 'node-a',
    podName: '',
    onStandby: () => undefined,
    standby: false,
    signal: new AbortController().signal,
    log: pino({ level: 'silent' }),
    requestSync: () => undefined,
    meanwhile: () => undefined,
    ...options,
  });
  running.push(backend);
  return backend;
}

async function stop(backend: Backend): Promise<void> {
  running = running.filter((each) => each !== backend);
  await backend[Symbol.asyncDispose]();
}

function plan(endpoints: readonly string[]): Planner {
  return planObjects([rawNode(['192.0.2.1']), rawService({}), slice(endpoints)]);
}

function slice(endpoints: readonly string[]) {
  return rawSlice({ endpoints: endpoints.map((address) => rawEndpoint(address)) });
}

/** As a planner's first delta. */
function everything(planner: Planner): StateDelta {
  const { servicePorts, node } = planner.state();
  return { updated: servicePorts, removed: new Set(), node };
}

function connectHooks(): number {
  return effectiveCgroupPrograms(scratch.cgroup, AttachType.cgroupInet4Connect).length - outside();
}

/** Programs that the root of the hierarchy has for everybody. */
function outside(): number {
  return effectiveCgroupPrograms(join(scratch.cgroup, '..'), AttachType.cgroupInet4Connect).length;
}

function openMap(name: string): BpfMap {
  const map = BpfMap.openPinned(join(pinsOf(scratch.bpffs).maps, name));
  if (map === undefined) throw new Error(`No map "${name}"`);
  return map;
}

function rows(name: string): number {
  using map = openMap(name);
  return [...map.chunks()].reduce((sum, { count }) => sum + count, 0);
}

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
}
