import type { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { rawNode, rawService } from '../../../test/conformance/objects.ts';
import { CONNECTION_FAULTS } from '../../../test/support/api-faults/connection-faults.ts';
import { breakServices, watch } from '../../../test/support/api-faults/fault.ts';
import { ODDITIES } from '../../../test/support/api-faults/oddities.ts';
import { PAGE_FAULTS } from '../../../test/support/api-faults/page-faults.ts';
import { REFUSAL_FAULTS } from '../../../test/support/api-faults/refusal-faults.ts';
import { WATCH_FAULTS } from '../../../test/support/api-faults/watch-faults.ts';
import { eventually } from '../../../test/support/deadline.ts';
import { type FakeApi, startFakeApi } from '../../../test/support/fake-api.ts';
import { FakeCluster, refuse } from '../../../test/support/fake-cluster.ts';
import { Followed, QUICK } from '../../../test/support/followed.ts';
import { encodeEvent } from '../../../test/support/kube-protobuf.ts';
import type { Access } from './access/access.ts';

const SERVICE = rawService({ metadata: { resourceVersion: '1' } });
// Times are short only where a fault is about time: a busy machine must not look like a fault.
const LIMITS = { ...QUICK, longestRetryMs: 20 };
const FAILS = 'api server fails us, the dataplane stays as it is';
const FAULTS = Object.entries({ ...WATCH_FAULTS, ...REFUSAL_FAULTS, ...PAGE_FAULTS });

function accessTo({ url, ca }: FakeApi): Access {
  return { server: new URL(url), trust: async () => ({ ca }), authorization: async () => undefined };
}

async function synced(followed: Followed): Promise<void> {
  await eventually('sync', () => (followed.syncs > 0 ? true : undefined));
  expect(followed.names).toEqual(['Node node-a', 'Service ns1/svc1']);
}

test.each(FAULTS)('%s: one clear line, nothing told, and all well when it is over', async (_, fault) => {
  const cluster = new FakeCluster([rawNode(['192.0.2.1']), SERVICE]);
  const broken = breakServices(cluster, fault);
  await using api = await startFakeApi('h2', cluster.answer);
  const limits = { ...LIMITS, ...fault.limits };
  await using followed = new Followed(accessTo(api), { limits });
  await eventually('attempts that fail alike', () =>
    broken.answers > 2 && followed.told.length > 0 ? true : undefined,
  );
  expect(followed.syncs).toBe(0);
  const away = `${FAILS}: it refuses to list (503 no pages either)`;
  expect(followed.told.filter((line) => line !== away)).toEqual([`${FAILS}: ${fault.says(limits)}`]);

  cluster.hijack = () => false;
  await synced(followed);
  await eventually('good news', () => (followed.told.at(-1) === 'api server serves us again' ? true : undefined));
});

test.each(['a listing without end', 'pages without end'])('%s tells nothing to who was in sync', async (name) => {
  const fault = FAULTS.find(([each]) => each === name)?.[1];
  if (fault === undefined) throw new Error(`Cannot find "${name}"`);
  const cluster = new FakeCluster([rawNode(['192.0.2.1']), SERVICE]);
  await using api = await startFakeApi('h2', cluster.answer);
  const limits = { ...LIMITS, ...fault.limits };
  await using followed = new Followed(accessTo(api), { limits });
  await synced(followed);
  const told = followed.ops.length;
  const broken = breakServices(cluster, fault);
  cluster.compact();
  api.cut();
  const reason = `${FAILS}: ${fault.says(limits)}`;
  await eventually('attempts that fail', () =>
    broken.answers > 2 && followed.told.includes(reason) ? true : undefined,
  );
  expect(followed.ops.slice(told).map((op) => (op.op === 'set' ? op.object.name : op.op))).not.toContain('s-0');
  expect(followed.names).toEqual(['Node node-a', 'Service ns1/svc1']);
});

test.each(Object.entries(CONNECTION_FAULTS))('%s: one clear line, and all well when it is over', async (_, fault) => {
  const cluster = new FakeCluster([rawNode(['192.0.2.1']), SERVICE]);
  let isBroken = true;
  const seize = (socket: Socket): boolean => isBroken && fault.seize(socket);
  await using api = await startFakeApi('h2', cluster.answer, { seize });
  const limits = { ...LIMITS, ...fault.limits };
  await using followed = new Followed(accessTo(api), { limits });
  await eventually('attempts that fail', () => (api.connections > 2 ? true : undefined));
  isBroken = false;
  await synced(followed);
  await eventually('good news', () => (followed.told.length > 1 ? true : undefined));
  expect(followed.told).toEqual([`${FAILS}: ${fault.says(limits)}`, 'api server serves us again']);
});

test.each(Object.entries(ODDITIES))('%s: what can be understood is told', async (_, oddity) => {
  const cluster = new FakeCluster([rawNode(['192.0.2.1']), SERVICE]);
  const broken = breakServices(cluster, oddity([SERVICE]));
  await using api = await startFakeApi('h2', cluster.answer);
  await using followed = new Followed(accessTo(api), { limits: LIMITS });
  await eventually('sync', () => (followed.syncs > 0 ? true : undefined));
  expect(followed.names).toEqual(expect.arrayContaining(['Node node-a', 'Service ns1/svc1']));
  expect(broken.answers).toBeGreaterThan(0);
  cluster.hijack = () => false;
  cluster.set(rawService({ metadata: { name: 'later' } }));
  cluster.compact(); // what the oddity alone told goes with a new listing
  api.cut();
  const names = ['Node node-a', 'Service ns1/later', 'Service ns1/svc1'];
  await eventually('the change', () => (isDeepStrictEqual(followed.names, names) ? true : undefined));
});

const POSITIONS = Object.entries(ODDITIES).filter(([name]) => name.includes('resourceVersions'));

test.each(POSITIONS)('%s in watches that end at once: one line, not one each time', async (_, oddity) => {
  const cluster = new FakeCluster([rawNode(['192.0.2.1']), SERVICE]);
  const broken = breakServices(cluster, oddity([SERVICE]));
  await using api = await startFakeApi('h2', cluster.answer);
  await using followed = new Followed(accessTo(api), { limits: { ...LIMITS, steadyMs: 1000 } });
  await eventually('attempts that fail alike', () => (broken.answers > 4 ? true : undefined));
  expect(followed.told).toEqual([`${FAILS}: it ends every watch at once`]);
});

test('a server that ends each watch after an event is not asked without a pause', async () => {
  const cluster = new FakeCluster([rawNode(['192.0.2.1']), SERVICE]);
  await using api = await startFakeApi('h2', cluster.answer);
  await using followed = new Followed(accessTo(api), { limits: { ...LIMITS, steadyMs: 1000, longestRetryMs: 1000 } });
  await synced(followed);
  let version = cluster.version;
  let asked = 0;
  cluster.hijack = ({ path }, response) => {
    if (!path.endsWith('/services')) return false;
    asked += 1;
    version += 1;
    watch(response, encodeEvent('MODIFIED', rawService({ metadata: { resourceVersion: String(version) } })));
    response.end();
    return true;
  };
  cluster.endWatches();
  await eventually('the reason', () => (followed.told.length > 0 ? true : undefined));
  expect(followed.told).toEqual([`${FAILS}: it ends every watch at once`]);
  expect(asked).toBeLessThan(4);
});

test('a position of another time line is forgotten', async () => {
  const cluster = new FakeCluster([rawNode(['192.0.2.1']), SERVICE]);
  await using api = await startFakeApi('h2', cluster.answer);
  await using followed = new Followed(accessTo(api), { limits: LIMITS });
  await synced(followed);
  cluster.hijack = ({ query }, response) => {
    if (!query.has('resourceVersion')) return false;
    refuse(response, 504, 'Timeout', 'Too large resource version: 900, current: 3');
    return true;
  };
  cluster.set(rawService({ metadata: { name: 'later' } }));
  cluster.endWatches();
  await eventually('the change', () => (followed.names.includes('Service ns1/later') ? true : undefined));
  expect(followed.ops.filter(({ op }) => op === 'reset' || op === 'delete')).toEqual([]);
});
