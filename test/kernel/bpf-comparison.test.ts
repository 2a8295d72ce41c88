import { afterEach, beforeEach, expect, test } from 'vitest';
import { Backend, maps, Service } from '../../src/abi/generated.ts';
import { probeFeatures } from '../../src/backend/bpf/features.ts';
import { ImageKeeper } from '../../src/backend/bpf/image-keeper.ts';
import { loadDataplane } from '../../src/backend/bpf/load.ts';
import { makePins } from '../../src/backend/bpf/pins.ts';
import type { Ip } from '../../src/model/ip.ts';
import type { Planner } from '../../src/plan/planner.ts';
import type { StateDelta } from '../../src/plan/state.ts';
import type { BpfObject } from '../../src/sys/bpf-object.ts';
import { rawEndpoint, rawNode, rawService, rawSlice } from '../conformance/objects.ts';
import { planObjects, setRaw } from '../conformance/plan-objects.ts';
import { makeScratch, type Scratch } from './hooks-scratch.ts';

const VIP = '172.30.0.41' as Ip;
const SERVICE_ID = 1;
const BACKEND_ID = 1;
const NOTHING: StateDelta = { updated: new Map(), removed: new Set(), node: undefined };

let scratch: Scratch;
let object: BpfObject;
let planner: Planner;
let keeper: ImageKeeper;

beforeEach(async () => {
  scratch = makeScratch();
  object = await loadDataplane(makePins(scratch.bpffs), probeFeatures());
  planner = planObjects([rawNode(['192.0.2.1']), service(), slice(10)]);
  keeper = new ImageKeeper(object, () => performance.now());
  const { servicePorts, node } = planner.state();
  keeper.sync(wanted({ updated: servicePorts, removed: new Set(), node }));
});

afterEach(() => {
  object[Symbol.dispose]();
  scratch[Symbol.dispose]();
});

const frontendKey = maps.frontends.key.encode({ addr: VIP, port: 80, proto: 6 });
const memberKey = maps.members.key.encode({ serviceId: SERVICE_ID, backendId: BACKEND_ID });

test.each<readonly [string, () => void]>([
  ['a frontend that is gone', () => void object.map('frontends').delete(frontendKey)],
  ['a frontend with something in its padding', () => object.map('frontends').update(strayKey(), new Uint8Array(8))],
  ['a VIP that is another thing', () => object.map('vips').update(maps.vips.key.encode(VIP), new Uint8Array(4))],
  ['a member that is gone', () => void object.map('members').delete(memberKey)],
  ['a name that is gone', () => void object.map('service_names').delete(maps.service_names.key.encode(SERVICE_ID))],
  ['a range that is new', () => object.map('source_ranges').update(rangeKey(), Uint8Array.of(1, 0, 0, 0))],
  ['another node address', () => new Uint8Array(object.map('config').mmap()).fill(1, 280, 284)],
  ['another verdict', () => new Uint8Array(object.map('services').mmap()).fill(0, Service.size, Service.size + 8)],
  ['an empty slot', () => new Uint8Array(object.map('slots').mmap()).fill(0, 8, 16)],
  ['another backend', () => new Uint8Array(object.map('backends').mmap()).fill(1, Backend.size, Backend.size + 16)],
])('finds %s, and what is repaired no more', (_, harm) => {
  expect(compare()).toBe(true);
  harm();
  expect(compare()).toBe(false);
  expect(keeper.repair(wanted(NOTHING))).toBeGreaterThan(0);
  // Somebody may be at it still: looked at once more.
  expect([compare(), keeper.repair(wanted(NOTHING)), compare()]).toEqual([false, 0, true]);
});

test('takes what stands in a free row for no difference once it has looked', () => {
  const bytes = new Uint8Array(object.map('backends').mmap());
  bytes.fill(7, 0, Backend.size); // id 0 is nobody's
  expect(compare()).toBe(false);
  expect([keeper.repair(wanted(NOTHING)), compare()]).toEqual([0, true]);
});

test('finds no difference in a change of ours between any two steps', () => {
  const steps = [...keeper.compare()].length;
  expect(steps).toBe(7);
  for (let step = 0; step <= steps; step += 1) {
    const comparing = keeper.compare();
    for (let done = 0; done < step; done += 1) comparing.next();
    setRaw(planner, slice(10 + (step % 3)));
    setRaw(planner, service(81 + step));
    expect(keeper.sync(wanted(planner.plan()))).toBeGreaterThan(0);
    expect(finish(comparing)).toBe(true);
  }
});

test('finds the difference in a map that we wrote to meanwhile', () => {
  const comparing = keeper.compare();
  object.map('frontends').delete(frontendKey);
  comparing.next();
  setRaw(planner, service(81));
  keeper.sync(wanted(planner.plan()));
  expect(finish(comparing)).toBe(false);
});

function compare(): boolean {
  return finish(keeper.compare());
}

function finish(comparing: Generator<undefined, boolean>): boolean {
  for (;;) {
    const step = comparing.next();
    if (step.done === true) return step.value;
  }
}

function wanted(delta: StateDelta) {
  return { state: planner.state(), delta, environment: { deviceAddresses: ['192.0.2.1' as Ip] } };
}

function strayKey(): Uint8Array {
  return frontendKey.slice().fill(1, frontendKey.length - 1);
}

function rangeKey(): Uint8Array {
  return maps.source_ranges.key.encode({ prefixlen: 160, serviceId: SERVICE_ID, addr: VIP });
}

/** With affinity, so that it has members; port 80 and perhaps another. */
function service(otherPort?: number) {
  const ports = [80, otherPort].flatMap((port) =>
    port === undefined ? [] : [{ name: port === 80 ? '' : `p${port}`, port, protocol: 'TCP' }],
  );
  return rawService({ spec: { sessionAffinity: 'ClientIP', ports } });
}

function slice(endpoints: number) {
  return rawSlice({
    endpoints: Array.from({ length: endpoints }, (_, index) => rawEndpoint(`10.0.1.${index + 1}`)),
  });
}
