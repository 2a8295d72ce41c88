import { describe, expect, test } from 'vitest';
import { NODE, type RawObject, rawEndpoint, rawNode, rawService, rawSlice } from '../../test/conformance/objects.ts';
import { CONFIG, planObjects, setRaw } from '../../test/conformance/plan-objects.ts';
import { createPlanner, type Planner } from './planner.ts';
import { formatEndpoints } from './trace.ts';

const KEY = 'ns1/svc1:/TCP/IPv4';

describe('what changes', () => {
  test('the first plan hands out everything, an unchanged world nothing', () => {
    const planner = createPlanner(CONFIG);
    for (const raw of [rawNode(['192.168.0.2']), rawService({}), rawSlice({})]) setRaw(planner, raw);
    const first = planner.plan();
    expect([[...first.updated.keys()], [...first.removed], first.node]).toEqual([[KEY], [], planner.state().node]);
    expect(changes(planner)).toEqual({ updated: [], removed: [], node: false });
    setRaw(planner, rawService({}));
    setRaw(planner, rawSlice({}));
    setRaw(planner, rawNode(['192.168.0.2']));
    expect(changes(planner)).toEqual({ updated: [], removed: [], node: false });
  });

  test('only the Service whose endpoints changed', () => {
    const planner = planObjects([rawService({}), rawSlice({}), second({})]);
    setRaw(planner, rawSlice({ endpoints: [rawEndpoint('10.180.0.1')] }));
    expect(changes(planner)).toEqual({ updated: [KEY], removed: [], node: false });
  });

  test('a deleted Service goes, a deleted slice takes its endpoints along', () => {
    const planner = planObjects([rawService({}), rawSlice({ endpoints: [rawEndpoint('10.180.0.1')] })]);
    planner.apply({ op: 'delete', kind: 'EndpointSlice', namespace: 'ns1', name: 'svc1-x' });
    expect(changes(planner)).toEqual({ updated: [KEY], removed: [], node: false });
    expect(endpointsOf(planner, KEY)).toEqual([]);
    planner.apply({ op: 'delete', kind: 'Service', namespace: 'ns1', name: 'svc1' });
    planner.apply({ op: 'delete', kind: 'Service', namespace: 'ns1', name: 'never-seen' });
    expect(changes(planner)).toEqual({ updated: [], removed: [KEY], node: false });
  });

  test('types change: ExternalName, headless, another proxy, and back', () => {
    const planner = planObjects([rawService({})]);
    const labels = { 'service.kubernetes.io/service-proxy-name': 'other' };
    for (const over of [
      { spec: { type: 'ExternalName' } },
      { spec: { clusterIP: 'None' } },
      { metadata: { labels } },
    ]) {
      setRaw(planner, rawService(over));
      expect(changes(planner)).toEqual({ updated: [], removed: [KEY], node: false });
      setRaw(planner, rawService({}));
      expect(changes(planner)).toEqual({ updated: [KEY], removed: [], node: false });
    }
  });

  test('the zone of this node, not of another', () => {
    const hinted = (zone: string) => ({ hints: { forZones: [{ name: zone }] } });
    const endpoints = [rawEndpoint('10.180.0.1', hinted('zone-a')), rawEndpoint('10.180.0.2', hinted('zone-b'))];
    const planner = planObjects([rawNode([], { zone: 'zone-a' }), rawService({}), rawSlice({ endpoints })]);
    expect(endpointsOf(planner, KEY)).toEqual(['10.180.0.1:80']);
    setRaw(planner, { ...rawNode([], { zone: 'zone-b' }), metadata: { name: 'node-b' } });
    expect(changes(planner)).toEqual({ updated: [], removed: [], node: false });
    setRaw(planner, rawNode([], { zone: 'zone-b' }));
    expect(changes(planner)).toEqual({ updated: [KEY], removed: [], node: false });
    planner.apply({ op: 'delete', kind: 'Node', namespace: '', name: NODE });
    planner.plan();
    expect(endpointsOf(planner, KEY)).toEqual(['10.180.0.1:80', '10.180.0.2:80']);
  });

  test('a reset forgets all, a new listing of the same is no change', () => {
    const planner = planObjects([rawNode([]), rawService({}), second({})]);
    expect(planner.synced).toBe(true);
    planner.apply({ op: 'reset' });
    expect(planner.synced).toBe(false);
    setRaw(planner, rawNode([]));
    setRaw(planner, rawService({}));
    planner.apply({ op: 'sync' });
    expect(changes(planner)).toEqual({ updated: [], removed: ['ns1/svc2:/TCP/IPv4'], node: false });
  });
});

describe('slices', () => {
  test('add up, and one may change its Service', () => {
    const other = rawSlice({ metadata: { name: 'svc1-y' }, endpoints: [rawEndpoint('10.180.0.2')] });
    const planner = planObjects([
      rawService({}),
      second({}),
      rawSlice({ endpoints: [rawEndpoint('10.180.0.1')] }),
      other,
    ]);
    expect(endpointsOf(planner, KEY)).toEqual(['10.180.0.1:80', '10.180.0.2:80']);
    const labels = { 'kubernetes.io/service-name': 'svc2' };
    setRaw(planner, rawSlice({ metadata: { name: 'svc1-y', labels }, endpoints: [rawEndpoint('10.180.0.2')] }));
    planner.plan();
    expect([endpointsOf(planner, KEY), endpointsOf(planner, 'ns1/svc2:/TCP/IPv4')]).toEqual([
      ['10.180.0.1:80'],
      ['10.180.0.2:80'],
    ]);
  });

  test('an endpoint that moves between slices is never lost; a local duplicate wins', () => {
    const draining = rawEndpoint('10.180.0.1', { conditions: { ready: false, serving: true, terminating: true } });
    const local = rawEndpoint('10.180.0.1', { nodeName: NODE });
    const planner = planObjects([
      rawService({}),
      rawSlice({ metadata: { name: 'svc1-b' }, endpoints: [local] }),
      rawSlice({ metadata: { name: 'svc1-a' }, endpoints: [draining, rawEndpoint('10.180.0.2')] }),
    ]);
    expect(planner.state().servicePorts.get(KEY as never)?.serving).toEqual([
      { ip: '10.180.0.1', port: 80, local: true, serving: true, terminating: false },
      { ip: '10.180.0.2', port: 80, local: false, serving: true, terminating: false },
    ]);
    planner.apply({ op: 'delete', kind: 'EndpointSlice', namespace: 'ns1', name: 'svc1-a' });
    planner.plan();
    expect(endpointsOf(planner, KEY)).toEqual(['10.180.0.1:80']);
  });

  test('one address on two ports is two endpoints; ports match by name and protocol', () => {
    const ports = [
      { name: 'a', port: 80, protocol: 'TCP' },
      { name: 'a', port: 8080, protocol: 'TCP' },
      { name: 'a', port: 53, protocol: 'UDP' },
      { name: 'b', port: 99, protocol: 'TCP' },
    ];
    const planner = planObjects([
      rawService({ spec: { ports: [{ name: 'a', port: 80 }] } }),
      rawSlice({ ports, endpoints: [rawEndpoint('10.180.0.1')] }),
    ]);
    expect(endpointsOf(planner, 'ns1/svc1:a/TCP/IPv4')).toEqual(['10.180.0.1:80', '10.180.0.1:8080']);
  });
});

describe('two Services claim one frontend', () => {
  const born = (year: number) => ({ creationTimestamp: `${year}-01-01T00:00:00Z` });
  const same = { clusterIP: '172.30.0.41', clusterIPs: ['172.30.0.41'] };

  test('the older wins whatever the order; the other is reported and the rest of it works', () => {
    const older = rawService({ metadata: born(2020) });
    const ports = [
      { name: 'a', port: 80 },
      { name: 'b', port: 81 },
    ];
    const younger = second({ metadata: born(2021), spec: { ...same, ports } });
    for (const objects of [
      [older, younger],
      [younger, older],
    ]) {
      const state = planObjects(objects).state();
      expect([...state.servicePorts.keys()].sort()).toEqual([KEY, 'ns1/svc2:b/TCP/IPv4']);
      expect(state.ignored).toEqual([
        {
          object: 'Service ns1/svc2',
          reason: 'ClusterIP 172.30.0.41:80/TCP belongs to Service "ns1/svc1", the older one: change either of them',
        },
      ]);
    }
  });

  test('without times the first by name wins; the loser takes over when the winner goes', () => {
    const ageless = { creationTimestamp: null };
    const planner = planObjects([second({ metadata: ageless, spec: same }), rawService({ metadata: ageless })]);
    expect([...planner.state().servicePorts.keys()]).toEqual([KEY]);
    planner.apply({ op: 'delete', kind: 'Service', namespace: 'ns1', name: 'svc1' });
    expect(changes(planner)).toEqual({ updated: ['ns1/svc2:/TCP/IPv4'], removed: [KEY], node: false });
    expect(planner.state().ignored).toEqual([]);
    setRaw(planner, rawService({ metadata: ageless }));
    expect(changes(planner)).toEqual({ updated: [KEY], removed: ['ns1/svc2:/TCP/IPv4'], node: false });
  });

  test('an object that comes again with another age may lose or win', () => {
    const planner = planObjects([rawService({ metadata: born(2020) }), second({ metadata: born(2021), spec: same })]);
    setRaw(planner, rawService({ metadata: born(2022) }));
    expect(changes(planner)).toEqual({ updated: ['ns1/svc2:/TCP/IPv4'], removed: [KEY], node: false });
  });

  test('a node port is claimed per protocol and family, an external IP against a ClusterIP', () => {
    const nodePort = (protocol: string) => [{ port: 80, protocol, nodePort: 30080 }];
    const planner = planObjects([
      rawService({ metadata: born(2020), spec: { ports: nodePort('TCP') } }),
      second({ metadata: born(2021), spec: { ports: nodePort('TCP'), externalIPs: ['172.30.0.41'] } }),
      rawService({
        metadata: { name: 'svc3' },
        spec: { clusterIP: '172.30.0.43', clusterIPs: ['172.30.0.43'], ports: nodePort('UDP') },
      }),
    ]);
    const { servicePorts, ignored } = planner.state();
    expect([...servicePorts.values()].map(({ key, frontends }) => [key, frontends.map(({ kind }) => kind)])).toEqual([
      [KEY, ['ClusterIP', 'NodePort']],
      ['ns1/svc2:/TCP/IPv4', ['ClusterIP']],
      ['ns1/svc3:/UDP/IPv4', ['ClusterIP', 'NodePort']],
    ]);
    expect(ignored.map(({ reason }) => reason)).toEqual([
      'ExternalIP 172.30.0.41:80/TCP belongs to Service "ns1/svc1", the older one: change either of them',
      'NodePort 30080/TCP over IPv4 belongs to Service "ns1/svc1", the older one: change either of them',
    ]);
  });

  test('within one Service the first port keeps a node port', () => {
    const ports = [
      { name: 'a', port: 80, nodePort: 30080 },
      { name: 'b', port: 81, nodePort: 30080 },
    ];
    const state = planObjects([rawService({ spec: { ports } })]).state();
    expect([...state.servicePorts.values()].map(({ frontends }) => frontends.map(({ kind }) => kind))).toEqual([
      ['ClusterIP', 'NodePort'],
      ['ClusterIP'],
    ]);
    expect(state.ignored).toEqual([
      {
        object: 'Service ns1/svc1',
        reason: 'Node port 30080/TCP/IPv4 stands twice, the first holds: give one another number',
      },
    ]);
  });

  test('10,000 claimants: one winner, and a change of one costs little', () => {
    const crowd = Array.from({ length: 10_000 }, (_, index) =>
      rawService({ metadata: { name: `svc${index}`, creationTimestamp: null }, spec: same }),
    );
    const planner = planObjects(crowd);
    expect([planner.state().servicePorts.size, planner.state().ignored.length]).toEqual([1, 9_999]);
  });
});

describe('ignored', () => {
  test('problems of objects and refusals of sources, until they are taken back', () => {
    const planner = planObjects([rawService({ spec: { externalIPs: ['x'] } })]);
    planner.apply({ op: 'ignore', object: 'Service ns1/broken', reason: 'spec: 7 is not an object' });
    planner.apply({ op: 'ignore', object: 'a.yaml:3', reason: 'unexpected end' });
    expect(planner.state().ignored.map(({ object }) => object)).toEqual([
      'Service ns1/broken',
      'Service ns1/svc1',
      'a.yaml:3',
    ]);
    setRaw(planner, rawService({ metadata: { name: 'broken' } }));
    planner.apply({ op: 'ignore', object: 'a.yaml:3', reason: undefined });
    setRaw(planner, rawService({}));
    expect(planner.state().ignored).toEqual([]);
  });
});

test('a Service may not ask for more endpoints than fit', () => {
  const ports = Array.from({ length: 2_000 }, (_, index) => ({ name: `p${index}`, port: index + 1 }));
  const endpoints = Array.from({ length: 200 }, (_, index) => rawEndpoint(`10.180.0.${index}`));
  const planner = planObjects([rawService({ spec: { ports } }), rawSlice({ ports, endpoints }), second({})]);
  const { servicePorts, ignored } = planner.state();
  expect([servicePorts.size, servicePorts.has('ns1/svc2:/TCP/IPv4' as never), ignored]).toEqual([
    1_311,
    true,
    [
      {
        object: 'Service ns1/svc1',
        reason: 'The endpoints of all its ports are more than 262144: split the Service',
      },
    ],
  ]);
});

function second(over: { readonly metadata?: RawObject; readonly spec?: RawObject }): RawObject {
  return rawService({
    metadata: { name: 'svc2', ...over.metadata },
    spec: { clusterIP: '172.30.0.42', clusterIPs: ['172.30.0.42'], ...over.spec },
  });
}

function changes(planner: Planner) {
  const { updated, removed, node } = planner.plan();
  return { updated: [...updated.keys()], removed: [...removed], node: node !== undefined };
}

function endpointsOf(planner: Planner, key: string): readonly string[] {
  return formatEndpoints(planner.state().servicePorts.get(key as never)?.cluster ?? []);
}
