import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Codec } from '../../src/abi/codec.ts';
import { packColumn } from '../../src/abi/column.ts';
import { FlowFlag, maps, Scope, ServiceFlag, Verdict, VipFlag } from '../../src/abi/generated.ts';
import { objectFile } from '../../src/backend/bpf/load.ts';
import { makePins, mapPin } from '../../src/backend/bpf/pins.ts';
import { dumpAffinity } from '../../src/cli/dump-affinity.ts';
import { dumpConntrack } from '../../src/cli/dump-conntrack.ts';
import { dumpMaps } from '../../src/cli/dump-maps.ts';
import { dumpServices } from '../../src/cli/dump-services.ts';
import { AbiMismatchError, ConfigError } from '../../src/errors.ts';
import type { Ip } from '../../src/model/ip.ts';
import { type BpfObject, openObject } from '../../src/sys/bpf-object.ts';
import { mountBpffs, unmount } from '../../src/sys/mount.ts';

const bpffs = mkdtempSync(join(tmpdir(), 'bpfsvc-dump-'));
let object: BpfObject;

const CLIENT = '10.0.0.2' as Ip;
const VIP = '10.96.0.1' as Ip;
const BACKEND = '10.0.1.3' as Ip;

beforeAll(() => {
  mountBpffs(bpffs);
  object = openObject(objectFile(), { autoload: () => false });
  const pins = makePins(bpffs);
  for (const [name, map] of object.maps) map.pin(mapPin(pins, name));
  fill();
});

afterAll(() => {
  object[Symbol.dispose]();
  unmount(bpffs);
  rmdirSync(bpffs);
});

/** One service with one backend, one flow and one affinity. */
function fill(): void {
  const forward = packColumn({ verdict: Verdict.FORWARD, offset: 1, size: 1, flags: 0 });
  put(maps.vips, VIP, { flags: VipFlag.CLUSTER_IP });
  put(maps.frontends, { addr: VIP, port: 80, proto: 6 }, { serviceId: 3, scope: Scope.INTERNAL });
  put(maps.services, 3, {
    columns: [forward, forward, forward, 0n, 0n, 0n],
    affinitySec: 60,
    flags: ServiceFlag.MEMBERS,
  });
  put(maps.service_names, 3, { name: 'default/web:http/TCP/IPv4' });
  put(maps.slots, 1, { backendId: 5, serviceId: 3 });
  put(maps.backends, 5, { addr: BACKEND, port: 8080, proto: 6, flags: 0 });
  put(maps.affinities, { client: CLIENT, serviceId: 3 }, { lastUsedNs: 0n, backendId: 5 });
  const dialled = { saddr: CLIENT, daddr: VIP, sport: 4000, dport: 80 };
  const flow = {
    dialled,
    forwarded: { ...dialled, daddr: BACKEND, dport: 8080 },
    serviceId: 3,
    backendId: 5,
    created: 1,
    lookedAt: 0,
    epoch: 0,
    place: 0,
    hairpinPort: 0,
    proto: 6,
    flags: FlowFlag.BRIDGE,
    tcp: Uint8Array.of(1, 0),
    mac: new Uint8Array(6),
    expires: 0xffffffff,
    uplink: 0,
    out: 0,
  };
  put(maps.flows, 0, flow);
  const counters = object.map('service_counters');
  const counted = new Uint8Array(counters.rowSize);
  const stride = counters.rowSize / counters.possibleCpus;
  for (let cpu = 0; cpu < counters.possibleCpus; cpu += 1) {
    counted.set(
      maps.service_counters.value.encode({ connections: BigInt(cpu + 1), rejects: 0n, drops: 0n }),
      cpu * stride,
    );
  }
  counters.update(maps.service_counters.key.encode(3), counted);
}

function put<K, V>(
  map: { readonly name: string; readonly key: Codec<K>; readonly value: Codec<V> },
  key: K,
  value: V,
): void {
  object.map(map.name).update(map.key.encode(key), map.value.encode(value));
}

/** What a command prints as JSON. */
async function printed(dump: (context: Parameters<typeof dumpMaps>[1]) => Promise<void>): Promise<unknown> {
  let text = '';
  const refuse = (): never => {
    throw new Error('a dump only prints');
  };
  const print = (more: string): Promise<void> => {
    text += more;
    return Promise.resolve();
  };
  await dump({ print, takeSignals: refuse, notice: refuse, setExitCode: refuse });
  return JSON.parse(text);
}

const options = { bpffs, output: 'json', names: [], perCpu: false } as const;

test('maps are decoded by name', async () => {
  const dumped = await printed((context) => dumpMaps({ ...options, names: ['vips', 'frontends'] }, context));
  const { frontends, vips } = maps;
  expect(dumped).toEqual([
    {
      name: 'frontends',
      type: 'hash',
      maxEntries: frontends.maxEntries,
      entries: [{ key: { addr: VIP, port: 80, proto: 'TCP' }, value: { serviceId: 3, scope: 'INTERNAL' } }],
    },
    {
      name: 'vips',
      type: 'hash',
      maxEntries: vips.maxEntries,
      entries: [{ key: VIP, value: { flags: ['CLUSTER_IP'] } }],
    },
  ]);
});

test('all maps are dumped, arrays without the rows that were never written', async () => {
  const dumped = (await printed((context) => dumpMaps(options, context))) as { name: string; entries: unknown[] }[];
  const filled = dumped.filter(({ entries }) => entries.length > 0).map(({ name, entries }) => [name, entries.length]);
  expect({ names: dumped.map(({ name }) => name), filled }).toEqual({
    names: Object.keys(maps),
    filled: [
      ['affinities', 1],
      ['backends', 1],
      ['flows', 1],
      ['frontends', 1],
      ['service_counters', 1],
      ['service_names', 1],
      ['services', 1],
      ['slots', 1],
      ['vips', 1],
    ],
  });
});

test('per-CPU values are summed, and shown apart when asked', async () => {
  const cpus = Array.from({ length: object.map('service_counters').possibleCpus }, (_, cpu) => cpu + 1);
  const value = { connections: cpus.reduce((sum, count) => sum + count), rejects: 0, drops: 0 };
  const perCpu = cpus.map((connections) => ({ connections, rejects: 0, drops: 0 }));
  const entriesOf = async (apart: boolean): Promise<unknown> => {
    const only = { ...options, names: ['service_counters'], perCpu: apart };
    const [map] = (await printed((context) => dumpMaps(only, context))) as { entries: unknown }[];
    return map?.entries;
  };
  expect([await entriesOf(false), await entriesOf(true)]).toEqual([[{ key: 3, value }], [{ key: 3, value, perCpu }]]);
});

test('an unknown name is a wrong call that lists the maps', async () => {
  const dump = printed((context) => dumpMaps({ ...options, names: ['vip'] }, context));
  await expect(dump).rejects.toThrow(
    new ConfigError(`Cannot dump "vip": there is no such map: use ${Object.keys(maps).join(', ')}`),
  );
});

test('a folder without pins is a wrong call', async () => {
  const dump = printed((context) => dumpServices({ ...options, bpffs: join(bpffs, 'elsewhere') }, context));
  await expect(dump).rejects.toThrow(ConfigError);
});

test('services join what belongs together', async () => {
  const forward = { action: 'forward', set: 'cluster', endpoints: ['10.0.1.3:8080'], masquerade: false };
  const [service] = (await printed((context) => dumpServices(options, context))) as Record<string, unknown>[];
  expect({ ...service, connections: undefined }).toEqual({
    service: 'default/web:http/TCP/IPv4',
    id: 3,
    affinitySeconds: 60,
    sourceRanges: [],
    frontends: [
      { kind: 'ClusterIP', address: VIP, port: 80, clients: { pod: forward, node: forward, other: forward } },
    ],
    backends: [{ address: '10.0.1.3:8080', id: 5, local: false, sets: ['cluster'], state: 'in use', connections: 0 }],
    connections: undefined,
    rejects: 0,
    drops: 0,
  });
});

test('flows and affinities name their service', async () => {
  const flows = (await printed((context) => dumpConntrack(options, context))) as { service: string }[];
  const affinities = (await printed((context) => dumpAffinity(options, context))) as {
    service: string;
    backend: string;
  }[];
  expect({
    flows: flows.map(({ service }) => service),
    affinities: affinities.map(({ service, backend }) => [service, backend]),
  }).toEqual({ flows: ['default/web:http/TCP/IPv4'], affinities: [['default/web:http/TCP/IPv4', '10.0.1.3:8080']] });
});

test('maps of another layout are refused', async () => {
  const folder = join(bpffs, 'other');
  mkdirSync(join(folder, 'v0123456789ab', 'maps'), { recursive: true });
  const dump = printed((context) => dumpServices({ ...options, bpffs: folder }, context));
  await expect(dump).rejects.toThrow(AbiMismatchError);
});
