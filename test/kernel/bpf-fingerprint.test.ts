import { afterEach, beforeEach, expect, test } from 'vitest';
import { maps, Verdict } from '../../src/abi/generated.ts';
import { commit } from '../../src/backend/bpf/commit.ts';
import { probeFeatures } from '../../src/backend/bpf/features.ts';
import { fingerprint, fingerprintOf, touchedRows } from '../../src/backend/bpf/fingerprint.ts';
import { kernelMaps } from '../../src/backend/bpf/image-keeper.ts';
import { loadDataplane } from '../../src/backend/bpf/load.ts';
import { makePins } from '../../src/backend/bpf/pins.ts';
import type { Write } from '../../src/backend/bpf/write.ts';
import type { Ip } from '../../src/model/ip.ts';
import type { BpfObject } from '../../src/sys/bpf-object.ts';
import { makeScratch, type Scratch } from './hooks-scratch.ts';

const addr = '172.30.0.1' as Ip;
const frontend = { addr, port: 80, proto: 6 };
const none: Ip = '::' as Ip;

/** Each kind of write, and the same rows written again. */
const WRITES: readonly Write[] = [
  { kind: 'store-backend', id: 3, row: { addr: '10.0.0.1' as Ip, port: 80, proto: 6, flags: 0 } },
  { kind: 'store-slots', serviceId: 7, offset: 5, backendIds: [3, 3] },
  { kind: 'store-policy', serviceId: 7, value: { affinitySec: 60, flags: 1 } },
  { kind: 'store-column', serviceId: 7, column: 0, value: { verdict: Verdict.FORWARD, offset: 5, size: 2, flags: 0 } },
  { kind: 'store-column', serviceId: 7, column: 1, value: { verdict: Verdict.REJECT, offset: 0, size: 0, flags: 0 } },
  { kind: 'store-config', row: { localCidrs: [], nodeAddrV4: addr, nodeAddrV6: none, hasDetector: true } },
  { kind: 'put', map: 'service_names', key: 7, value: { name: 'ns/name:/TCP/IPv4' } },
  { kind: 'put', map: 'members', key: { serviceId: 7, backendId: 3 }, value: { flags: 1 } },
  { kind: 'put', map: 'source_ranges', key: { prefixlen: 160, serviceId: 7, addr }, value: { allow: 1 } },
  { kind: 'put', map: 'frontends', key: frontend, value: { serviceId: 7, scope: 0 } },
  { kind: 'put', map: 'frontends', key: frontend, value: { serviceId: 7, scope: 1 } },
  { kind: 'put', map: 'vips', key: addr, value: { flags: 1 } },
  { kind: 'drain', vip: addr },
  { kind: 'delete', map: 'frontends', key: frontend },
  { kind: 'delete', map: 'service_counters', key: 7 },
  { kind: 'store-backend', id: 3, row: { addr: none, port: 0, proto: 0, flags: 0 } },
];

let scratch: Scratch;
let object: BpfObject;

beforeEach(() => {
  scratch = makeScratch();
  object = loadDataplane(makePins(scratch.bpffs), probeFeatures());
});

afterEach(() => {
  object[Symbol.dispose]();
  scratch[Symbol.dispose]();
});

test.each([
  ['one by one', 1],
  ['all at once', WRITES.length],
])('moves by the rows that are written, %s', (_, step) => {
  let expected = fingerprint(object);
  for (let from = 0; from < WRITES.length; from += step) {
    const writes = WRITES.slice(from, from + step);
    const touched = touchedRows(writes);
    if (touched === undefined) throw new Error('Too many rows');
    const before = fingerprintOf(object, touched);
    commit(writes, kernelMaps(object));
    expected = (expected - before + fingerprintOf(object, touched)) | 0;
    expect(fingerprint(object)).toBe(expected);
  }
});

test('shows what somebody else wrote, wherever', () => {
  const seen = new Set([fingerprint(object)]);
  for (const write of WRITES.slice(0, -4)) {
    commit([write], kernelMaps(object));
    seen.add(fingerprint(object));
  }
  expect(seen.size).toBe(WRITES.length - 3);
});

test('does not mind what programs write', () => {
  const before = fingerprint(object);
  const config = new DataView(object.map('config').mmap());
  config.setBigUint64(0, 1n, true);
  config.setBigUint64(8, 2n, true);
  config.setUint32(308, 1, true);
  object.map('affinities').update(maps.affinities.key.encode({ client: addr, serviceId: 1 }), new Uint8Array(16));
  expect(fingerprint(object)).toBe(before);
});

test('many rows are not worth looking at apart', () => {
  expect(touchedRows(Array.from({ length: 513 }, () => ({ kind: 'drain', vip: addr }) as const))).toBeUndefined();
});
