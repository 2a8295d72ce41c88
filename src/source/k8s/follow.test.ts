import { expect, test } from 'vitest';
import { rawEndpoint, rawNode, rawService, rawSlice } from '../../../test/conformance/objects.ts';
import { eventually } from '../../../test/support/deadline.ts';
import { type FakeApi, type Protocol, startFakeApi } from '../../../test/support/fake-api.ts';
import { FakeCluster, refuse } from '../../../test/support/fake-cluster.ts';
import { Followed, QUICK } from '../../../test/support/followed.ts';
import { startTcpProxy } from '../../../test/support/tcp-proxy.ts';
import type { Access } from './access/access.ts';

const PROTOCOLS: readonly Protocol[] = ['h2', 'https', 'http'];

function accessTo({ url, ca }: FakeApi, port?: number): Access {
  const server = new URL(url);
  if (port !== undefined) server.port = String(port);
  return { server, trust: async () => ({ ca }), authorization: async () => 'Bearer t' };
}

function service(name: string): ReturnType<typeof rawService> {
  return rawService({ metadata: { name } });
}

function world(): FakeCluster {
  return new FakeCluster([
    rawNode(['192.0.2.1'], { zone: 'a' }),
    service('one'),
    service('two'),
    rawSlice({ endpoints: [rawEndpoint('10.0.0.1')] }),
  ]);
}

const NAMES = ['EndpointSlice ns1/svc1-x', 'Node node-a', 'Service ns1/one', 'Service ns1/two'];

async function synced(followed: Followed): Promise<void> {
  await eventually('sync', () => (followed.syncs > 0 ? true : undefined));
}

test.each(PROTOCOLS)('lists by watching, then tells changes: %s', async (protocol) => {
  const cluster = world();
  await using api = await startFakeApi(protocol, cluster.answer);
  await using followed = new Followed(accessTo(api));
  await synced(followed);
  expect(followed.names).toEqual(NAMES);
  expect(followed.ops.at(-1)).toEqual({ op: 'sync' });

  cluster.set(service('three'));
  cluster.delete(service('one'));
  await eventually('the deletion', () => (followed.names.includes('Service ns1/one') ? undefined : true));
  expect(followed.names).toEqual([...NAMES.slice(0, 2), 'Service ns1/three', 'Service ns1/two']);
  expect(followed.syncs).toBe(1);
  expect(followed.told).toEqual([]);
});

test('asks as kube-proxy does, over one connection, for protobuf', async () => {
  const cluster = world();
  await using api = await startFakeApi('h2', cluster.answer);
  await using followed = new Followed(accessTo(api));
  await synced(followed);
  const asked = api.requests.map(({ path, query, headers }) => ({
    path,
    label: query.get('labelSelector'),
    field: query.get('fieldSelector'),
    accept: headers['accept'],
    authorization: headers['authorization'],
  }));
  const accept = 'application/vnd.kubernetes.protobuf;stream=watch,application/json;stream=watch';
  const same = { accept, authorization: 'Bearer t' };
  expect(asked).toEqual([
    { path: '/api/v1/nodes', label: null, field: 'metadata.name=node-a', ...same },
    {
      path: '/api/v1/services',
      label: '!service.kubernetes.io/service-proxy-name',
      field: 'spec.clusterIP!=None',
      ...same,
    },
    {
      path: '/apis/discovery.k8s.io/v1/endpointslices',
      label: '!service.kubernetes.io/headless',
      field: null,
      ...same,
    },
  ]);
  const [first] = api.requests;
  const seconds = Number(first?.query.get('timeoutSeconds'));
  expect(seconds).toBeGreaterThanOrEqual(300);
  expect(seconds).toBeLessThanOrEqual(600);
  expect(api.connections).toBe(1);
});

test('takes JSON from a server without protobuf', async () => {
  const cluster = world();
  cluster.formats = ['json'];
  await using api = await startFakeApi('h2', cluster.answer);
  await using followed = new Followed(accessTo(api));
  await synced(followed);
  expect(followed.names).toEqual(NAMES);
  expect(followed.told).toEqual([]);
});

test('asks for JSON alone where both together are refused', async () => {
  const cluster = world();
  cluster.hijack = ({ headers }, response) => {
    if (!String(headers['accept']).includes('protobuf')) return false;
    refuse(response, 406, 'NotAcceptable', 'only the following media types are accepted: application/json');
    return true;
  };
  await using api = await startFakeApi('h2', cluster.answer);
  await using followed = new Followed(accessTo(api));
  await synced(followed);
  expect(followed.names).toEqual(NAMES);
});

test('lists by pages where watching first is refused', async () => {
  const cluster = world();
  cluster.watchList = false;
  for (let index = 0; index < 1200; index += 1) cluster.set(service(`many-${index}`));
  await using api = await startFakeApi('h2', cluster.answer);
  await using followed = new Followed(accessTo(api));
  await synced(followed);
  expect(followed.names.length).toBe(NAMES.length + 1200);
  const pages = api.requests.filter(({ path, query }) => path.endsWith('/services') && query.has('limit'));
  expect(pages.map(({ query }) => [query.get('limit'), query.get('continue')])).toEqual([
    ['500', null],
    ['500', '500'],
    ['500', '1000'],
  ]);
  expect(followed.told).toEqual([]);

  await eventually('the watches', () => (cluster.watches === 3 ? true : undefined));
  cluster.set(service('three'));
  await eventually('the change', () => (followed.names.includes('Service ns1/three') ? true : undefined));
});

test('resumes where a watch ended, and misses nothing', async () => {
  const cluster = world();
  await using api = await startFakeApi('h2', cluster.answer);
  await using followed = new Followed(accessTo(api));
  await synced(followed);
  const before = followed.ops.length;
  cluster.bookmark();
  const position = String(cluster.version);
  cluster.endWatches();
  cluster.set(service('three'));
  await eventually('the change', () => (followed.names.includes('Service ns1/three') ? true : undefined));
  expect(followed.ops.slice(before)).toMatchObject([{ op: 'set', object: { name: 'three' } }]);
  await eventually('three resumed watches', () => (api.requests.length === 6 ? true : undefined));
  expect(
    api.requests.slice(3).map(({ query }) => [query.get('resourceVersion'), query.get('sendInitialEvents')]),
  ).toEqual(Array.from({ length: 3 }, () => [position, null]));
  expect(followed.told).toEqual([]);
});

test('a position too old: lists anew, deletes what vanished, keeps the rest untouched', async () => {
  const cluster = world();
  await using api = await startFakeApi('h2', cluster.answer);
  await using followed = new Followed(accessTo(api));
  await synced(followed);
  api.cut();
  cluster.delete(service('one'));
  cluster.set(service('three'));
  cluster.compact();
  await eventually('the deletion', () => (followed.names.includes('Service ns1/one') ? undefined : true));
  expect(followed.names).toEqual([...NAMES.slice(0, 2), 'Service ns1/three', 'Service ns1/two']);
  const deleted = followed.ops.filter(({ op }) => op === 'delete' || op === 'reset');
  expect(deleted).toEqual([{ op: 'delete', kind: 'Service', namespace: 'ns1', name: 'one' }]);
  expect(followed.syncs).toBe(1);
});

test('a server that goes: nothing changes, one line; that comes back: one line', async () => {
  const cluster = world();
  const api = await startFakeApi('h2', cluster.answer);
  const access = accessTo(api);
  await using followed = new Followed(access);
  await synced(followed);
  const before = followed.ops.length;
  await api[Symbol.asyncDispose]();
  await eventually('trouble', () => (followed.lines.filter(({ level }) => level < 30).length > 9 ? true : undefined));
  expect(followed.ops.length).toBe(before);
  expect(followed.told.length).toBeLessThanOrEqual(2); // the cut, then the refused connection
  expect(followed.told.at(-1)).toBe(
    'api server fails us, the dataplane stays as it is: nobody listens there (ECONNREFUSED): is the API server up, and its address right?',
  );
});

test('a connection that only seems open is noticed and replaced', async () => {
  const cluster = world();
  await using api = await startFakeApi('h2', cluster.answer);
  await using proxy = await startTcpProxy(api.port);
  const limits = { ...QUICK, pingEveryMs: 50, pingAnswerMs: 100 };
  await using followed = new Followed(accessTo(api, proxy.port), { limits });
  await synced(followed);
  proxy.freeze();
  cluster.set(service('three'));
  await eventually('the change', () => (followed.names.includes('Service ns1/three') ? true : undefined));
  expect(followed.told[0]).toBe(
    'api server fails us, the dataplane stays as it is: the server has not answered a ping for 0.1 s',
  );
  expect(proxy.connections).toBe(2);
});

test('without HTTP/2 a silent watch is resumed', async () => {
  const cluster = world();
  await using api = await startFakeApi('http', cluster.answer);
  await using proxy = await startTcpProxy(api.port);
  await using followed = new Followed(accessTo(api, proxy.port), { limits: { ...QUICK, idleMs: 100 } });
  await synced(followed);
  proxy.freeze();
  cluster.set(service('three'));
  await eventually('the change', () => (followed.names.includes('Service ns1/three') ? true : undefined));
  expect(followed.told).toEqual([]);
});

test('waits for its node, its address and its pod ranges', async () => {
  const cluster = new FakeCluster([service('one')]);
  await using api = await startFakeApi('h2', cluster.answer);
  await using followed = new Followed(accessTo(api), { podCidrs: true });
  const waits = (missing: string) =>
    eventually(missing, () => (followed.lines.some((line) => line['missing'] === missing) ? true : undefined));
  await waits('its Node object');
  cluster.set(rawNode([]));
  await waits('an address in its status');
  cluster.set(rawNode(['192.0.2.1']));
  await waits('spec.podCIDRs, which --detect-local-mode=NodeCIDR needs');
  expect(followed.syncs).toBe(0);
  cluster.set(rawNode(['192.0.2.1'], { spec: { podCIDRs: ['10.1.0.0/24'] } }));
  await synced(followed);

  cluster.delete(rawNode([]));
  await eventually('the line', () => (followed.told.length === 4 ? true : undefined));
  expect(followed.names).toEqual(['Node node-a', 'Service ns1/one']);
  expect(followed.told[3]).toBe('we would cut ourselves off without this object: its last state holds');
});

test('an object that can no longer be read is no longer there', async () => {
  const cluster = world();
  await using api = await startFakeApi('h2', cluster.answer);
  await using followed = new Followed(accessTo(api));
  await synced(followed);
  cluster.set(rawSlice({ addressType: 'FQDN' }));
  await eventually('the refusal', () => (followed.ops.at(-1)?.op === 'ignore' ? true : undefined));
  expect(followed.ops.slice(-2)).toEqual([
    { op: 'delete', kind: 'EndpointSlice', namespace: 'ns1', name: 'svc1-x' },
    {
      op: 'ignore',
      object: 'EndpointSlice ns1/svc1-x',
      reason: 'addressType: "FQDN" can\'t be served: use IPv4 or IPv6',
    },
  ]);
});

test('the way to the API itself is never cut off', async () => {
  const metadata = { namespace: 'default', name: 'kubernetes' };
  const kubernetes = rawService({
    metadata,
    spec: { clusterIP: '127.0.0.1', clusterIPs: ['127.0.0.1'], externalIPs: ['10.96.0.1'] },
  });
  const slice = (endpoints: readonly object[]) =>
    rawSlice({
      metadata: { namespace: 'default', name: 'kubernetes', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      endpoints,
    });
  const cluster = world();
  cluster.set(kubernetes);
  cluster.set(slice([rawEndpoint('192.0.2.5')]));
  await using api = await startFakeApi('h2', cluster.answer);
  await using proxied = new Followed({ ...accessTo(api), server: new URL(api.url) });
  await synced(proxied);
  cluster.set(slice([]));
  await eventually('the change', () =>
    JSON.stringify(proxied.objects.get('EndpointSlice default/kubernetes')).includes('"endpoints":[]')
      ? true
      : undefined,
  );
  expect(proxied.told).toEqual([]); // 127.0.0.1 is no VIP of it: the agent has another way
});
