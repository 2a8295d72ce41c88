import { describe, expect, test } from 'vitest';
import { type RawObject, rawService } from '../../test/conformance/objects.ts';
import { parseObject } from './object.ts';
import type { Service } from './service.ts';

describe('a whole Service', () => {
  test('keeps what the planner reads', () => {
    const raw = rawService({
      spec: {
        clusterIPs: ['172.30.0.41', 'FD00:0::41'],
        ports: [
          { name: 'http', port: 80, nodePort: 30080 },
          { name: 'dns', port: 53, protocol: 'UDP', nodePort: 0 },
        ],
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 3 } },
        internalTrafficPolicy: 'Local',
        externalTrafficPolicy: 'Local',
        externalIPs: ['192.168.99.11', 'fd01::1'],
        loadBalancerSourceRanges: [' 203.0.113.9/25', '203.0.113.0/25 '],
      },
      status: {
        loadBalancer: {
          ingress: [
            { ip: '1.2.3.4' },
            { ip: '1.2.3.5', ipMode: 'VIP' },
            { ip: '1.2.3.6', ipMode: 'Proxy' },
            { hostname: 'lb.example' },
            { ip: '' },
          ],
        },
      },
    });
    expect(parseObject(raw)).toEqual({
      ok: true,
      value: {
        kind: 'Service',
        namespace: 'ns1',
        name: 'svc1',
        path: 'ns1/svc1',
        created: Date.parse('2026-01-01T00:00:00Z'),
        clusterIps: ['172.30.0.41', 'fd00::41'],
        ports: [
          { name: 'http', protocol: 'TCP', port: 80, nodePort: 30080 },
          { name: 'dns', protocol: 'UDP', port: 53, nodePort: undefined },
        ],
        affinitySeconds: 3,
        internalTrafficPolicy: 'local',
        externalTrafficPolicy: 'local',
        externalIps: ['192.168.99.11', 'fd01::1'],
        loadBalancerIps: ['1.2.3.4', '1.2.3.5'],
        sourceRanges: [{ ip: '203.0.113.0', prefixLength: 25 }],
        hasRefusedRange: false,
        problems: [],
      },
    });
  });

  test.each([
    ['headless', { spec: { clusterIP: 'None', clusterIPs: ['None'] } }],
    ['ExternalName with a ClusterIP', { spec: { type: 'ExternalName' } }],
    ["another proxy's", { metadata: { labels: { 'service.kubernetes.io/service-proxy-name': '' } } }],
  ])('%s is not ours and no problem', (_, over) => {
    const service = parse(over);
    expect([service.clusterIps, service.ports, service.problems]).toEqual([[], [], []]);
  });
});

describe('what is refused leaves the rest', () => {
  test.each<[string, RawObject, Partial<Service>, string[]]>([
    [
      'no ClusterIP',
      { clusterIP: '' },
      { clusterIps: [] },
      ['spec.clusterIP: the Service has none: use the object as the API server returns it'],
    ],
    [
      'a bad ClusterIP beside a good one',
      { clusterIPs: ['172.30.0.41', 'nonsense'] },
      { clusterIps: ['172.30.0.41'] as never },
      ['spec.clusterIPs: "nonsense" is not an IP address: write it like 10.0.0.1 or fd00::1'],
    ],
    [
      'two ClusterIPs of a family',
      { clusterIPs: ['172.30.0.41', '172.30.0.42'] },
      { clusterIps: ['172.30.0.41'] as never },
      ['spec.clusterIPs: "172.30.0.42" is a second IPv4 address: keep one of each family'],
    ],
    [
      'VIPs nobody can dial',
      { externalIPs: ['0.0.0.0', '127.0.0.1', '192.168.99.11'] },
      { externalIps: ['192.168.99.11'] as never },
      [
        'spec.externalIPs: "0.0.0.0" can\'t be a VIP: use a unicast address',
        'spec.externalIPs: "127.0.0.1" can\'t be a VIP: use a unicast address',
      ],
    ],
    [
      'an external IP of a foreign family',
      { externalIPs: ['fd01::1'] },
      { externalIps: [] },
      ['spec.externalIPs: "fd01::1" is IPv6, the Service has no ClusterIP of that family: remove it'],
    ],
    [
      'a source range',
      { loadBalancerSourceRanges: ['10.0.0.0/33', '10.0.0.0/8'] },
      { hasRefusedRange: true, sourceRanges: [{ ip: '10.0.0.0', prefixLength: 8 }] as never },
      ['spec.loadBalancerSourceRanges: "10.0.0.0/33" is not a CIDR: write it like 10.0.0.0/8 or fd00::/64'],
    ],
    [
      'source ranges of another type',
      { loadBalancerSourceRanges: '10.0.0.0/8' },
      { hasRefusedRange: true },
      ['spec.loadBalancerSourceRanges: "10.0.0.0/8" is not a list: write a list'],
    ],
    [
      'an unknown affinity',
      { sessionAffinity: 'Cookie' },
      { affinitySeconds: 0 },
      ['spec.sessionAffinity: "Cookie" is unknown: use None or ClientIP'],
    ],
    [
      'an affinity of no length',
      { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } } },
      { affinitySeconds: 10800 },
      ['spec.sessionAffinityConfig.clientIP.timeoutSeconds: 0 is out of range, 10800 holds: use 1 to 86400'],
    ],
    [
      'an unknown policy',
      { externalTrafficPolicy: 'local' },
      { externalTrafficPolicy: 'cluster' },
      ['spec.externalTrafficPolicy: "local" is unknown, Cluster holds: use Cluster or Local'],
    ],
  ])('%s', (_, spec, kept, problems) => {
    expect(parse({ spec })).toEqual({ ...parse({}), ...kept, problems });
  });

  test('bad ports', () => {
    const ports = [
      { name: 'good', port: 80, protocol: 'TCP', nodePort: 99999 },
      { name: 'high', port: 70000 },
      { name: 'text', port: '80' },
      { name: 'quic', port: 443, protocol: 'QUIC' },
      { name: 'twice', port: 80 },
      { name: 'good', port: 81 },
      { name: 'a b', port: 82 },
      'not an object',
      { name: 'fine', port: 53, protocol: 'UDP' },
    ];
    const service = parse({ spec: { ports } });
    expect(service.ports).toEqual([
      { name: 'good', protocol: 'TCP', port: 80, nodePort: undefined },
      { name: 'fine', protocol: 'UDP', port: 53, nodePort: undefined },
    ]);
    expect(service.problems).toEqual([
      'spec.ports[0].nodePort: 99999 is not a port: use a number from 1 to 65535',
      'spec.ports[1].port: 70000 is not a port: use a number from 1 to 65535',
      'spec.ports[2].port: "80" is not a port: use a number from 1 to 65535',
      'spec.ports[3].protocol: "QUIC" is not a protocol: use TCP, UDP or SCTP',
      'spec.ports[4]: port 80/TCP stands twice, the first holds: remove one',
      'spec.ports[5]: name "good"/TCP stands twice, the first holds: rename one',
      'spec.ports[6].name: "a b" is not a name: use letters, digits and "-" between them',
      'spec.ports[7]: "not an object" is not an object: write port and protocol',
    ]);
  });

  test('100,000 ports: a bounded number holds, with a bounded number of reasons', () => {
    const ports = Array.from({ length: 100_000 }, (_, index) => ({ name: `p${index}`, port: (index % 65_535) + 1 }));
    const service = parse({ spec: { ports } });
    expect([service.ports.length, service.problems]).toEqual([
      10_000,
      ['spec.ports: 100000 ports are too many, the first 10000 hold: split the Service'],
    ]);
    const bad = parse({ spec: { ports: Array.from({ length: 9_000 }, () => ({ port: 0 })) } });
    expect([bad.ports.length, bad.problems.length, bad.problems.at(-1)]).toEqual([
      0,
      11,
      '8990 more problems like these: correct the object',
    ]);
  });
});

function parse(over: {
  readonly metadata?: RawObject;
  readonly spec?: RawObject;
  readonly status?: RawObject;
}): Service {
  const parsed = parseObject(rawService(over));
  if (!parsed.ok || parsed.value.kind !== 'Service') throw new Error('Not read as a Service');
  return parsed.value;
}
