import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rawEndpoint, rawNode, rawService, rawSlice } from '../../test/conformance/objects.ts';
import { nameObject, nameOf, parseObject } from './object.ts';

test('a Node: InternalIPs first, each once, pod CIDRs, zone', () => {
  const raw = {
    ...rawNode([], {
      zone: 'zone-a',
      spec: { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24', 'fd00:10::/64', 'x'] },
    }),
    status: {
      addresses: [
        { type: 'Hostname', address: 'node-a' },
        { type: 'ExternalIP', address: '203.0.113.9' },
        { type: 'InternalIP', address: '192.168.0.2' },
        { type: 'InternalIP', address: 'fd00:0::2' },
        { type: 'ExternalIP', address: '192.168.0.2' },
        { type: 'InternalIP', address: '127.0.0.1' },
      ],
    },
  };
  expect(parseObject(raw)).toEqual({
    ok: true,
    value: {
      kind: 'Node',
      name: 'node-a',
      addresses: ['192.168.0.2', 'fd00::2', '203.0.113.9'],
      podCidrs: [
        { ip: '10.0.0.0', prefixLength: 24 },
        { ip: 'fd00:10::', prefixLength: 64 },
      ],
      isLeaving: false,
      zone: 'zone-a',
      problems: [
        'status.addresses: "127.0.0.1" is no node\'s: correct it',
        'spec.podCIDRs: "x" is not a CIDR: write it like 10.0.0.0/8 or fd00::/64',
      ],
    },
  });
});

test.each([
  [undefined, 'nothing is not an object: write a Service, an EndpointSlice or a Node'],
  [[], 'a list is not an object: write a Service, an EndpointSlice or a Node'],
  [{}, 'kind: nothing is not read here: keep to Service, EndpointSlice and Node'],
  [{ kind: 'Deployment' }, 'kind: "Deployment" is not read here: keep to Service, EndpointSlice and Node'],
  [
    { ...rawService({}), apiVersion: 'serving.knative.dev/v1' },
    'apiVersion: "serving.knative.dev/v1" is not read here: use v1',
  ],
  [
    { ...rawSlice({}), apiVersion: 'discovery.k8s.io/v1beta1' },
    'apiVersion: "discovery.k8s.io/v1beta1" is not read here: use discovery.k8s.io/v1',
  ],
  [{ ...rawService({}), metadata: 7 }, 'metadata: 7 is not an object: write name and namespace there'],
  [{ ...rawService({}), spec: undefined }, "spec: nothing is not an object: write the Service's spec there"],
  [
    rawService({ metadata: { name: 'a/b' } }),
    'metadata.name: "a/b" is not a name: use letters, digits and "-" between them',
  ],
  [
    rawService({ metadata: { name: 'x'.repeat(1_048_576) } }),
    `metadata.name: "${'x'.repeat(64)}… (1048576 characters)" is too long: use at most 63 characters`,
  ],
])('refuses a whole object, case %#', (raw, reason) => {
  expect(parseObject(raw)).toEqual({ ok: false, reason });
});

test('a node that is deleted or tainted by the autoscaler leaves', () => {
  const isLeaving = (over: object): unknown => {
    const parsed = parseObject({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-a' }, ...over });
    return parsed.ok && parsed.value.kind === 'Node' && parsed.value.isLeaving;
  };
  const metadata = { name: 'node-a', deletionTimestamp: '2026-01-01T00:00:00Z' };
  expect(isLeaving({ metadata })).toBe(true);
  expect(isLeaving({ spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] } })).toBe(true);
  expect(isLeaving({ spec: { taints: [{ key: 'node.kubernetes.io/not-ready' }] } })).toBe(false);
  expect(isLeaving({ spec: { taints: 'x' } })).toBe(false);
});

test('names objects as they are reported', () => {
  const long = { kind: 'Service', metadata: { namespace: 'n'.repeat(1000), name: 'x' } };
  expect(
    [rawService({}), rawNode([]), long, { kind: 'Service' }, { metadata: { name: 'x' } }, 'text', null].map(nameObject),
  ).toEqual([
    'Service ns1/svc1',
    'Node node-a',
    `Service ${'n'.repeat(253)}… (1000 characters)/x`,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect([nameOf('Service', 'ns1', 'svc1'), nameOf('Node', '', 'node-a')]).toEqual(['Service ns1/svc1', 'Node node-a']);
});

test('no JSON makes it throw, wherever it stands in an object', () => {
  const whole: readonly unknown[] = [
    rawService({
      spec: {
        externalIPs: ['1.2.3.4'],
        loadBalancerSourceRanges: ['10.0.0.0/8'],
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 3 } },
      },
      status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
    }),
    rawSlice({
      endpoints: [rawEndpoint('10.180.0.1', { hints: { forZones: [{ name: 'a' }], forNodes: [{ name: 'b' }] } })],
    }),
    rawNode(['192.168.0.2'], { zone: 'a', spec: { podCIDRs: ['10.0.0.0/24'] } }),
  ];
  fc.assert(
    fc.property(fc.constantFrom(...whole), fc.nat(), fc.jsonValue(), (object, place, junk) => {
      const spoilt = replaceAt(object, place % countPlaces(object), junk);
      const parsed = parseObject(spoilt);
      expect(parsed.ok || parsed.reason.length > 0).toBe(true);
      nameObject(spoilt);
    }),
    { seed: 20261124, numRuns: 3000 },
  );
});

function countPlaces(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, item) => sum + countPlaces(item), 1);
}

/** The value with what stands at the given place, counted depth first, replaced. */
function replaceAt(value: unknown, place: number, junk: unknown): unknown {
  if (place === 0) return junk;
  if (typeof value !== 'object' || value === null) return value;
  let left = place - 1;
  const replaceItem = (item: unknown): unknown => {
    const replaced = left >= 0 && left < countPlaces(item) ? replaceAt(item, left, junk) : item;
    left -= countPlaces(item);
    return replaced;
  };
  if (Array.isArray(value)) return value.map(replaceItem);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceItem(item)]));
}
