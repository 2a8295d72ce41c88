import { afterEach, beforeEach, expect, test } from 'vitest';
import { Config, ConfigFlag, maps } from '../../src/abi/generated.ts';
import { commit } from '../../src/backend/bpf/commit.ts';
import { probeFeatures } from '../../src/backend/bpf/features.ts';
import { HASHED_MAPS, type HashedMap, hashRows, hashWholeMap, touchedRows } from '../../src/backend/bpf/fingerprint.ts';
import { PLANNED_BYTES } from '../../src/backend/bpf/image/config-row.ts';
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

/** Each kind of write to a map that is hashed, and the same rows written again. */
const WRITES: readonly Write[] = [
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
];

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

test.each([
  ['one by one', 1],
  ['all at once', WRITES.length],
])('move by the rows that are written, %s', (_, step) => {
  let expected = sums();
  for (let from = 0; from < WRITES.length; from += step) {
    const writes = WRITES.slice(from, from + step);
    const touched = touchedRows(writes);
    if (touched === undefined) throw new Error('Too many rows');
    const before = hashRows(object, touched);
    commit(writes, kernelMaps(object));
    const after = hashRows(object, touched);
    expected = expected.map(([name, sum]) => [name, (sum - (before.get(name) ?? 0) + (after.get(name) ?? 0)) | 0]);
    expect(sums()).toEqual(expected);
  }
});

test('show what somebody else wrote, wherever', () => {
  const seen = new Set([JSON.stringify(sums())]);
  for (const write of WRITES.slice(0, -2)) {
    commit([write], kernelMaps(object));
    seen.add(JSON.stringify(sums()));
  }
  expect(seen.size).toBe(WRITES.length - 1);
});

test('do not mind what programs and other parts of the agent write', () => {
  const before = sums();
  const config = new DataView(object.map('config').mmap());
  const theirs = { nodeNetnsCookie: 1n, hashSeed: 2n, probeCookie: 3n, renamed: 4, epoch: 5, nodeFlows: 6 };
  const row = Config.encode({ ...Config.decodeFrom(config, 0), ...theirs });
  const { from, to } = PLANNED_BYTES;
  for (const [at, byte] of row.entries()) if (at < from || at >= to) config.setUint8(at, byte);
  config.setUint32(to - 4, ConfigFlag.COEXIST, true); // flags
  object.map('affinities').update(maps.affinities.key.encode({ client: addr, serviceId: 1 }), new Uint8Array(16));
  expect(sums()).toEqual(before);
});

test('many rows are not worth looking at apart', () => {
  const names = Array.from({ length: 513 }, (_, key): Write => ({ kind: 'delete', map: 'service_names', key }));
  expect([touchedRows(names), touchedRows(names.slice(1))?.size]).toEqual([undefined, 512]);
});

function sums(): readonly (readonly [HashedMap, number])[] {
  return HASHED_MAPS.map((name) => [name, hashWholeMap(object, name)]);
}
