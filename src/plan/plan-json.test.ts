import { expect, test } from 'vitest';
import { NODE, rawEndpoint, rawNode, rawService, rawSlice } from '../../test/conformance/objects.ts';
import { planObjects } from '../../test/conformance/plan-objects.ts';
import { toPlanJson } from './plan-json.ts';

test('everything a Service can have, sorted', () => {
  const service = rawService({
    spec: {
      clusterIPs: ['172.30.0.41', 'fd00::41'],
      ports: [{ name: 'http', port: 80, nodePort: 30080 }],
      externalTrafficPolicy: 'Local',
      externalIPs: ['192.168.99.11', 'bad'],
      sessionAffinity: 'ClientIP',
      loadBalancerSourceRanges: ['203.0.113.0/25', ' 192.168.0.0/24'],
    },
    status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
  });
  const slice = rawSlice({
    ports: [{ name: 'http', port: 80 }],
    endpoints: [rawEndpoint('10.180.0.10', { nodeName: NODE }), rawEndpoint('10.180.0.1')],
  });
  const toCluster = (masquerade: boolean) => ({
    action: 'forward',
    endpoints: ['10.180.0.10:80', '10.180.0.1:80'],
    masquerade,
  });
  const toLocal = { action: 'forward', endpoints: ['10.180.0.10:80'], masquerade: false };
  const internal = { pod: toCluster(false), node: toCluster(true), other: toCluster(true) };
  const external = { pod: toCluster(false), node: toCluster(true), other: toLocal };
  const refused = { pod: { action: 'reject' }, node: { action: 'reject' }, other: { action: 'reject' } };
  const head = { service: 'ns1/svc1', portName: 'http' };
  const tail = { protocol: 'TCP', family: 'IPv4', affinitySeconds: 10800 };
  expect(toPlanJson(planObjects([rawNode(['192.168.0.2']), service, slice]).state())).toEqual({
    node: NODE,
    frontends: [
      { ...head, kind: 'ClusterIP', address: '172.30.0.41', port: 80, ...tail, sourceRanges: [], clients: internal },
      { ...head, kind: 'ExternalIP', address: '192.168.99.11', port: 80, ...tail, sourceRanges: [], clients: external },
      {
        ...head,
        kind: 'LoadBalancer',
        address: '1.2.3.4',
        port: 80,
        ...tail,
        sourceRanges: ['192.168.0.0/24', '203.0.113.0/25'],
        clients: external,
      },
      { ...head, kind: 'NodePort', address: null, port: 30080, ...tail, sourceRanges: [], clients: external },
      {
        ...head,
        kind: 'ClusterIP',
        address: 'fd00::41',
        port: 80,
        ...tail,
        family: 'IPv6',
        sourceRanges: [],
        clients: refused,
      },
      {
        ...head,
        kind: 'NodePort',
        address: null,
        port: 30080,
        ...tail,
        family: 'IPv6',
        sourceRanges: [],
        clients: refused,
      },
    ],
    ignored: [
      {
        object: 'Service ns1/svc1',
        reason: 'spec.externalIPs: "bad" is not an IP address: write it like 10.0.0.1 or fd00::1',
      },
    ],
  });
});
