import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseObject } from '../../src/model/object.ts';
import type { Fields } from '../../src/model/untrusted.ts';
import { JSON_FORMAT } from '../../src/source/k8s/format/json-format.ts';
import { PROTOBUF } from '../../src/source/k8s/format/protobuf-format.ts';
import { eventually } from '../support/deadline.ts';
import { KubeApi } from '../support/kube-api.ts';
import { makeNode, makeService } from '../support/kube-objects.ts';

const START_MS = 120_000;
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

/** A server is ready a moment before its own Service is there. */
const SERVICE_OF_API = '/api/v1/namespaces/default/services/kubernetes';

let api: KubeApi;

beforeAll(async () => {
  api = await KubeApi.start();
  const { admin } = api;
  for (const path of [SERVICE_OF_API, `${SLICES}/kubernetes`]) await eventually(path, () => exists(path), START_MS / 2);
  await makeNode(admin);
  await admin.patch('/api/v1/nodes/node-a', {
    metadata: { labels: { 'topology.kubernetes.io/zone': 'a' } },
    spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] },
  });
  await makeService(admin, 'plain');
  await makeService(admin, 'external', { type: 'ExternalName', externalName: 'a.example' });
  await makeService(admin, 'headless', { clusterIP: 'None' });
  await makeService(admin, 'rich', {
    type: 'LoadBalancer',
    ports: [
      { name: 'http', port: 80, targetPort: 'web', appProtocol: 'http' },
      { name: 'dns', port: 53, protocol: 'UDP', targetPort: 5353 },
      { name: 'sctp', port: 9000, protocol: 'SCTP' },
    ],
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 77 } },
    externalTrafficPolicy: 'Local',
    internalTrafficPolicy: 'Local',
    externalIPs: ['203.0.113.1'],
    loadBalancerSourceRanges: ['198.51.100.0/24'],
    trafficDistribution: 'PreferClose',
  });
  await admin.patch('/api/v1/namespaces/default/services/rich/status', {
    status: { loadBalancer: { ingress: [{ ip: '203.0.113.9', ipMode: 'VIP' }, { hostname: 'lb.example' }] } },
  });
  await admin.do('POST', SLICES, {
    metadata: { name: 'rich-x', labels: { 'kubernetes.io/service-name': 'rich' } },
    addressType: 'IPv4',
    ports: [
      { name: 'http', port: 8080 },
      { name: '', port: 53, protocol: 'UDP' },
      { port: 1, name: 'x', appProtocol: 'h' },
    ],
    endpoints: [
      {
        addresses: ['10.1.0.5'],
        conditions: { ready: true },
        nodeName: 'node-a',
        zone: 'a',
        hints: { forZones: [{ name: 'a' }] },
      },
      { addresses: ['10.1.0.6'], conditions: { ready: false, serving: true, terminating: true }, hostname: 'h' },
      { addresses: ['10.1.0.7'], targetRef: { kind: 'Pod', name: 'p', namespace: 'default' } },
    ],
  });
  await admin.do('POST', SLICES, {
    metadata: { name: 'six', labels: { 'kubernetes.io/service-name': 'rich' } },
    addressType: 'IPv6',
    ports: [],
    endpoints: [{ addresses: ['fd00::5'], conditions: {} }],
  });
}, START_MS);

async function exists(path: string): Promise<true | undefined> {
  return (await api.admin.ask('GET', path)).status === 200 ? true : undefined;
}

afterAll(() => api?.[Symbol.asyncDispose]());

test.each([
  ['/api/v1/services', 'Service', 'v1', 5],
  ['/apis/discovery.k8s.io/v1/endpointslices', 'EndpointSlice', 'discovery.k8s.io/v1', 3],
  ['/api/v1/nodes', 'Node', 'v1', 1],
])('what a real server sends reads alike in protobuf and JSON: %s', async (path, kind, apiVersion, atLeast) => {
  const get = async (accept: string): Promise<Uint8Array> => {
    const body = await api.admin.do('GET', path, undefined, { accept });
    return Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  };
  const items = (format: typeof PROTOBUF, body: Uint8Array): readonly unknown[] => {
    const list = format.decode(body);
    if (!list.ok) throw new Error(list.reason);
    return (list.value['items'] as readonly Fields[]).map((item) => parseObject({ ...item, kind, apiVersion }));
  };
  const protobuf = items(PROTOBUF, await get('application/vnd.kubernetes.protobuf'));
  const json = items(JSON_FORMAT, await get('application/json'));
  expect(protobuf.length).toBeGreaterThanOrEqual(atLeast);
  expect(protobuf).toEqual(json);
});
