import { expect, test } from 'vitest';
import {
  NODE,
  OTHER_NODE,
  type RawObject,
  rawEndpoint,
  rawNode,
  rawService,
  rawSlice,
} from '../../test/conformance/objects.ts';
import { CONFIG, planObjects } from '../../test/conformance/plan-objects.ts';
import { parsePacket } from './packet.ts';
import { trace } from './trace.ts';

const node = rawNode(['192.168.0.2']);
const remote = rawSlice({ endpoints: [rawEndpoint('10.180.0.1', { nodeName: OTHER_NODE })] });
const balanced = rawService({
  spec: {
    ports: [{ port: 80, nodePort: 30080 }],
    externalTrafficPolicy: 'Local',
    loadBalancerSourceRanges: ['203.0.113.0/25'],
  },
  status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
});
const internalLocal = rawService({ spec: { internalTrafficPolicy: 'Local' } });

test.each<[string, RawObject[], string, string, string]>([
  [
    'a pod is balanced',
    [rawService({}), remote],
    '10.0.0.2 172.30.0.41:80/tcp',
    'DNAT',
    'ClusterIP 172.30.0.41:80/TCP of Service "ns1/svc1" balances a pod of this node over its cluster endpoints, from its own address',
  ],
  [
    'a stranger is masqueraded',
    [rawService({}), remote],
    '203.0.113.2 172.30.0.41:80/tcp',
    'DNAT',
    'ClusterIP 172.30.0.41:80/TCP of Service "ns1/svc1" balances a client elsewhere over its cluster endpoints, from a node address',
  ],
  [
    'hairpin',
    [rawService({}), remote],
    '10.180.0.1 172.30.0.41:80/tcp',
    'DNAT',
    'ClusterIP 172.30.0.41:80/TCP of Service "ns1/svc1" balances a pod of this node over its cluster endpoints, from a node address because the only choice is the source itself',
  ],
  [
    'no endpoints',
    [rawService({})],
    '10.0.0.2 172.30.0.41:80/tcp',
    'REJECT',
    'ClusterIP 172.30.0.41:80/TCP of Service "ns1/svc1" has no usable endpoint anywhere',
  ],
  [
    'an unknown port',
    [rawService({}), remote],
    '10.0.0.2 172.30.0.41:80/udp',
    'REJECT',
    'ClusterIP 172.30.0.41 of Service "ns1/svc1" has no port 80/UDP',
  ],
  [
    'internal policy',
    [internalLocal, remote],
    '10.0.0.2 172.30.0.41:80/tcp',
    'DROP',
    'ClusterIP 172.30.0.41:80/TCP of Service "ns1/svc1" has internalTrafficPolicy Local and no endpoint on this node',
  ],
  [
    'external policy',
    [balanced, remote],
    '203.0.113.2 192.168.0.2:30080/tcp',
    'DROP',
    'NodePort 30080/TCP over IPv4 of Service "ns1/svc1" has externalTrafficPolicy Local and no endpoint on this node',
  ],
  [
    'source ranges come before the refusal',
    [balanced],
    '203.0.113.130 1.2.3.4:80/tcp',
    'DROP',
    'LoadBalancer 1.2.3.4:80/TCP of Service "ns1/svc1" has source ranges and none of them holds 203.0.113.130',
  ],
  [
    'another port of an LB VIP is not ours',
    [balanced, remote],
    '203.0.113.2 1.2.3.4:30080/tcp',
    'PASS',
    "No frontend is 1.2.3.4:30080/TCP for 203.0.113.2: not a Service's traffic",
  ],
  [
    'loopback serves only the node',
    [balanced, remote],
    '203.0.113.2 127.0.0.1:30080/tcp',
    'PASS',
    "No frontend is 127.0.0.1:30080/TCP for 203.0.113.2: not a Service's traffic",
  ],
  [
    'a foreign address with a node port is not ours',
    [balanced, remote],
    '10.0.0.2 192.168.0.3:30080/tcp',
    'PASS',
    "No frontend is 192.168.0.3:30080/TCP for 10.0.0.2: not a Service's traffic",
  ],
])('%s', (_, objects, packet, verdict, why) => {
  const traced = run([node, ...objects], packet);
  expect([traced.verdict, traced.why]).toEqual([verdict, why]);
});

test('source ranges that could not be read let nobody in', () => {
  const spec = { loadBalancerSourceRanges: ['10.0.0.0/33'] };
  const broken = rawService({ spec, status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } });
  const why = 'LoadBalancer 1.2.3.4:80/TCP of Service "ns1/svc1" has source ranges and none of them could be read';
  for (const source of ['10.0.0.2', '192.168.0.2', '203.0.113.2']) {
    expect(run([node, broken, remote], `${source} 1.2.3.4:80/tcp`)).toEqual({
      verdict: 'DROP',
      endpoints: [],
      masquerade: false,
      why,
    });
  }
});

test('an external IP that is a node address goes before its node port', () => {
  const external = rawService({ spec: { ports: [{ port: 30080 }], externalIPs: ['192.168.0.2'] } });
  const other = rawService({
    metadata: { name: 'svc2' },
    spec: { clusterIP: '172.30.0.42', clusterIPs: ['172.30.0.42'], ports: [{ port: 80, nodePort: 30080 }] },
  });
  const local = rawSlice({ endpoints: [rawEndpoint('10.180.0.1', { nodeName: NODE })] });
  const traced = run([node, other, external, local], '203.0.113.2 192.168.0.2:30080/tcp');
  expect([traced.verdict, traced.endpoints]).toEqual(['DNAT', ['10.180.0.1:80']]);
});

function run(objects: readonly RawObject[], text: string) {
  const state = planObjects(objects, CONFIG).state();
  const packet = parsePacket(text);
  if (!packet.ok) throw new Error(packet.reason);
  return trace(state, packet.value, state.node);
}
