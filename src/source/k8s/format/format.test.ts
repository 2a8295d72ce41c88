import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rawEndpoint, rawNode, rawService, rawSlice } from '../../../../test/conformance/objects.ts';
import { encodeEvent, encodeObject, frame } from '../../../../test/support/kube-protobuf.ts';
import { parseObject } from '../../../model/object.ts';
import type { Parse } from '../../../model/parse.ts';
import type { Fields } from '../../../model/untrusted.ts';
import type { Format, RawEvent } from './format.ts';
import { JSON_FORMAT } from './json-format.ts';
import { PROTOBUF } from './protobuf-format.ts';

const LONGEST = 1 << 20;

function text(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function parsed(decoded: Parse<Fields>): unknown {
  return decoded.ok ? parseObject(decoded.value) : decoded;
}

function expectEqualReadings(object: Fields): void {
  expect(parsed(PROTOBUF.decode(encodeObject(object)))).toEqual(parsed(JSON_FORMAT.decode(text(object))));
}

const SERVICES: Readonly<Record<string, Fields>> = {
  plain: rawService({}),
  'of every field': rawService({
    metadata: {
      uid: 'u-1',
      resourceVersion: '77',
      labels: { app: 'x', 'team/sub': '' },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'x'.repeat(300) },
      ownerReferences: [{ kind: 'Gateway', name: 'g', uid: 'u-2', controller: true }],
      finalizers: ['service.kubernetes.io/load-balancer-cleanup'],
      managedFields: [{ manager: 'kubectl', operation: 'Update', fieldsType: 'FieldsV1' }],
    },
    spec: {
      type: 'LoadBalancer',
      clusterIPs: ['172.30.0.41', 'fd00:30::41'],
      ports: [
        { name: 'http', port: 80, protocol: 'TCP', nodePort: 30_080, targetPort: 8080, appProtocol: 'http' },
        { name: 'dns', port: 53, protocol: 'UDP', nodePort: 30_053 },
        { name: 'sctp', port: 65_535, protocol: 'SCTP' },
      ],
      selector: { app: 'x' },
      externalIPs: ['192.0.2.7', 'fd00::7'],
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 33 } },
      loadBalancerSourceRanges: ['203.0.113.0/25', ' 198.51.100.0/24'],
      externalTrafficPolicy: 'Local',
      internalTrafficPolicy: 'Local',
      healthCheckNodePort: 30_001,
      ipFamilies: ['IPv4', 'IPv6'],
      ipFamilyPolicy: 'RequireDualStack',
      trafficDistribution: 'PreferClose',
    },
    status: {
      loadBalancer: {
        ingress: [
          { ip: '192.0.2.9', ipMode: 'VIP' },
          { ip: '192.0.2.10', ipMode: 'Proxy' },
          { hostname: 'a.example' },
          { ip: '192.0.2.11' },
        ],
      },
    },
  }),
  'with affinity and no time-out': rawService({ spec: { sessionAffinity: 'ClientIP', sessionAffinityConfig: {} } }),
  'of another proxy, the label empty': rawService({
    metadata: { labels: { 'service.kubernetes.io/service-proxy-name': '' } },
  }),
  headless: rawService({ spec: { clusterIP: 'None', clusterIPs: ['None'] } }),
  'external name': rawService({ spec: { type: 'ExternalName', externalName: 'a.example' } }),
  'without an address': rawService({ spec: { clusterIP: '', clusterIPs: [] } }),
  'with refused parts': rawService({
    spec: {
      ports: [{ port: 0 }, { port: 99_999, protocol: 'ICMP' }, { port: 80, nodePort: -4 }],
      externalIPs: ['127.0.0.1', 'x'],
      loadBalancerSourceRanges: ['10.0.0.0/33'],
      sessionAffinity: 'Server',
      externalTrafficPolicy: 'Nearby',
    },
  }),
  'without a name': { ...rawService({}), metadata: { namespace: 'ns1' } },
  'created before 1970': rawService({ metadata: { creationTimestamp: '1969-12-31T23:59:50Z' } }),
  'with a name in another script': rawService({ metadata: { name: 'dienst-ü-服务' } }),
};

const SLICES: Readonly<Record<string, Fields>> = {
  empty: rawSlice({}),
  'of every field': rawSlice({
    metadata: { resourceVersion: '9', generateName: 'svc1-', annotations: { a: 'b' } },
    ports: [
      { name: 'http', port: 8080, protocol: 'TCP', appProtocol: 'http' },
      { name: '', port: 53, protocol: 'UDP' },
      { name: 'x' },
      { port: 1 },
      { name: 'defaults', port: 1 },
    ],
    endpoints: [
      rawEndpoint('10.0.0.1', { zone: 'a', hostname: 'h', targetRef: { kind: 'Pod', name: 'p', uid: 'u' } }),
      rawEndpoint('10.0.0.2', { conditions: { ready: false, serving: true, terminating: true } }),
      rawEndpoint('10.0.0.3', { conditions: {} }),
      rawEndpoint('10.0.0.4', { hints: { forZones: [{ name: 'a' }, { name: 'b' }], forNodes: [{ name: 'node-a' }] } }),
      rawEndpoint('10.0.0.5', { hints: { forZones: [{ name: 'zone-of-a-long-name'.repeat(8) }] } }),
      { addresses: ['10.0.0.6', '10.0.0.7'], conditions: { ready: true } },
      { addresses: [], conditions: {} },
      rawEndpoint('fd00::1'),
    ],
  }),
  'of IPv6': rawSlice({ addressType: 'IPv6', endpoints: [rawEndpoint('fd00::1'), rawEndpoint('FD00:0::2')] }),
  'of names': rawSlice({ addressType: 'FQDN', endpoints: [rawEndpoint('a.example')] }),
  'of a headless Service': rawSlice({ metadata: { labels: { 'service.kubernetes.io/headless': '' } } }),
  'of nobody': rawSlice({ metadata: { labels: {} } }),
};

const NODES: Readonly<Record<string, Fields>> = {
  plain: rawNode(['192.0.2.1', 'fd00::1'], {
    zone: 'a',
    spec: { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24', 'fd01::/64'] },
  }),
  'of one range': rawNode([], { spec: { podCIDR: '10.1.0.0/24' } }),
  'that leaves': {
    ...rawNode(['192.0.2.1'], { spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] } }),
  },
};

const OBJECTS = Object.entries({ Service: SERVICES, EndpointSlice: SLICES, Node: NODES }).flatMap(([kind, examples]) =>
  Object.entries(examples).map(([what, object]): [string, Fields] => [`${kind} ${what}`, object]),
);

test.each(OBJECTS)('protobuf and JSON read alike: %s', (_, object) => {
  expectEqualReadings(object);
});

test('protobuf and JSON read any slice alike', () => {
  const names = fc.array(fc.record({ name: fc.string({ maxLength: 8 }) }), { maxLength: 3 });
  const option = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
  const endpoint = fc.record({
    addresses: fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), { maxLength: 2 }),
    conditions: fc.record({
      ready: option(fc.boolean()),
      serving: option(fc.boolean()),
      terminating: option(fc.boolean()),
    }),
    nodeName: option(fc.string()),
    hints: option(fc.record({ forZones: names, forNodes: names })),
  });
  const port = fc.record({
    name: option(fc.string({ maxLength: 3 })),
    port: option(fc.integer({ min: -9, max: 70_000 })),
  });
  const slice = fc.record({
    addressType: fc.constantFrom('IPv4', 'IPv6', ''),
    endpoints: fc.array(endpoint, { maxLength: 20 }),
    ports: fc.array(port, { maxLength: 4 }),
  });
  fc.assert(fc.property(slice, (over) => expectEqualReadings(JSON.parse(JSON.stringify(rawSlice(over))) as Fields)));
});

/** What both formats make of the same stream, cut into pieces of a length. */
function events(format: Format, stream: Uint8Array, piece: number): unknown {
  const splitter = format.splitter(LONGEST);
  const decoded: Parse<RawEvent>[] = [];
  for (let at = 0; at < stream.length; at += piece) {
    const frames = splitter.push(stream.subarray(at, at + piece));
    if (!frames.ok) return frames;
    for (const each of frames.value) decoded.push(format.decodeEvent(each));
  }
  expect(splitter.isPartial).toBe(false);
  return decoded.map((event) =>
    event.ok
      ? { type: event.value.type, version: version(event.value.object), parsed: parseObject(event.value.object) }
      : event,
  );
}

function version(object: Fields): unknown {
  return (object['metadata'] as Fields | undefined)?.['resourceVersion'];
}

test('a watch reads alike however its bytes are cut', () => {
  const told: readonly (readonly [string, Fields])[] = [
    ['ADDED', SERVICES['of every field'] ?? {}],
    ['MODIFIED', SLICES['of every field'] ?? {}],
    ['DELETED', rawNode([])],
  ];
  const protobuf = Buffer.concat(told.map(([type, object]) => encodeEvent(type, object)));
  const json = Buffer.from(told.map(([type, object]) => `${JSON.stringify({ type, object })}\n`).join(''));
  const whole = events(JSON_FORMAT, json, json.length);
  expect(whole).toMatchObject([
    { type: 'ADDED', version: '77', parsed: { ok: true } },
    { type: 'MODIFIED', version: '9', parsed: { ok: true } },
    { type: 'DELETED', parsed: { ok: true } },
  ]);
  for (const piece of [1, 3, 64, 1000, protobuf.length]) {
    expect(events(PROTOBUF, protobuf, piece)).toEqual(whole);
    expect(events(JSON_FORMAT, json, piece)).toEqual(whole);
  }
});

test('the end of the initial events stands in an annotation, as text', () => {
  const bookmark = {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { resourceVersion: '12', annotations: { 'k8s.io/initial-events-end': 'true', other: 'x' } },
  };
  const [event] = [encodeEvent('BOOKMARK', bookmark)].map((bytes) => PROTOBUF.decodeEvent(bytes.subarray(4)));
  expect(event).toEqual({
    ok: true,
    value: {
      type: 'BOOKMARK',
      object: {
        kind: 'Service',
        apiVersion: 'v1',
        metadata: { resourceVersion: '12', annotations: { 'k8s.io/initial-events-end': 'true' } },
        spec: {},
        status: { loadBalancer: {} },
      },
    },
  });
});

test('lists and refusals read alike', () => {
  const metadata = { resourceVersion: '5', continue: 'next' };
  const list = { kind: 'ServiceList', apiVersion: 'v1', metadata, items: [] };
  expect(PROTOBUF.decode(encodeObject(list))).toEqual({
    ok: true,
    value: { kind: 'ServiceList', apiVersion: 'v1', metadata },
  });
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    message: 'too old',
    reason: 'Expired',
    code: 410,
    details: { retryAfterSeconds: 3 },
  };
  expect(PROTOBUF.decode(encodeObject(status))).toEqual(JSON_FORMAT.decode(text(status)));
});

test('broken bytes are refused in one sentence', () => {
  const whole = encodeObject(rawService({}));
  const unknownKind = encodeObject({ kind: 'Pod', apiVersion: 'v1', metadata: { name: 'p' } });
  expect(PROTOBUF.decode(whole.subarray(0, whole.length - 20))).toEqual({
    ok: false,
    reason: 'an object is not valid protobuf: premature EOF',
  });
  expect(PROTOBUF.decode(Buffer.from('{"kind":'))).toEqual({
    ok: false,
    reason: 'an object does not begin as protobuf does',
  });
  expect(PROTOBUF.decode(unknownKind)).toEqual({
    ok: false,
    reason: 'an object of kind "Pod" came, nobody asked for it',
  });
  expect(PROTOBUF.decodeEvent(Buffer.from([0x0a, 0x01, 0x41]))).toEqual({
    ok: false,
    reason: 'an event holds no object',
  });
  expect(JSON_FORMAT.decode(Buffer.from('{"kind":'))).toEqual({
    ok: false,
    reason: 'an object is not valid JSON: it begins with "{\\"kind\\":"',
  });
  expect(JSON_FORMAT.decode(Buffer.from('[]'))).toEqual({ ok: false, reason: 'a list came in place of an object' });
});

/** runtime.Unknown around a Service of these bytes. */
function serviceOf(raw: readonly number[], order: 'as written' | 'turned' = 'as written'): Buffer {
  const typeMeta = [0x0a, 0x0d, 0x0a, 0x02, ...Buffer.from('v1'), 0x12, 0x07, ...Buffer.from('Service')];
  const parts = [typeMeta, [0x12, raw.length, ...raw]];
  return Buffer.from([...Buffer.from('k8s\0'), ...(order === 'turned' ? parts.toReversed() : parts).flat()]);
}

test('a field of another wire type is refused, what nobody reads is not looked at', () => {
  expect(PROTOBUF.decode(serviceOf([0x08, 0x01]))).toEqual({
    ok: false,
    reason: 'an object is not valid protobuf: field 1 has wire type 0, not 2',
  });
  const unread = [0x20, 0x01, 0x2d, 1, 2, 3, 4, 0x31, 1, 2, 3, 4, 5, 6, 7, 8]; // a varint, 32 bits, 64 bits
  expect(PROTOBUF.decode(serviceOf(unread))).toMatchObject({ ok: true, value: { kind: 'Service' } });
});

test('the kind may come behind the object', () => {
  const metadata = [0x0a, 0x03, 0x0a, 0x01, 0x61]; // named "a"
  const value = { kind: 'Service', apiVersion: 'v1', metadata: { name: 'a' } };
  expect(PROTOBUF.decode(serviceOf(metadata, 'turned'))).toMatchObject({ ok: true, value });
});

test('no bytes make a decoder throw', () => {
  const whole = Buffer.from(encodeObject(SLICES['of every field'] ?? {}));
  const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 5 });
  fc.assert(
    fc.property(damage, fc.nat(whole.length), (changes, length) => {
      const damaged = Buffer.from(whole);
      for (const [at, byte] of changes) damaged[at] = byte;
      const decoded = PROTOBUF.decode(damaged.subarray(0, length));
      if (decoded.ok) parseObject(decoded.value);
      expect(typeof decoded.ok).toBe('boolean');
    }),
    { numRuns: 2000 },
  );
});

test('a frame of any announced length is refused before it is gathered', () => {
  const reason = 'an event has 4294967295 bytes, more than 1048576';
  expect(PROTOBUF.splitter(LONGEST).push(Buffer.from([255, 255, 255, 255, 1]))).toEqual({ ok: false, reason });
  const lines = JSON_FORMAT.splitter(10);
  expect(lines.push(Buffer.from('12345'))).toEqual({ ok: true, value: [] });
  expect(lines.push(Buffer.from('678901'))).toEqual({ ok: false, reason: 'an event has more than 10 bytes' });
});

test('a slice that repeats itself without end is refused', () => {
  const endpoint = Buffer.from([0x12, 0x00]);
  const slice = Buffer.concat(Array.from({ length: 20_001 }, () => endpoint));
  const unknown = Buffer.concat([
    Buffer.from([0x0a, 0x0f, 0x12, 0x0d]),
    Buffer.from('EndpointSlice'),
    Buffer.from([0x12, 0xc2, 0xb8, 0x02]), // 40002
    slice,
  ]);
  expect(PROTOBUF.decode(Buffer.concat([Buffer.from('k8s\0'), unknown]))).toEqual({
    ok: false,
    reason: 'an object is not valid protobuf: "endpoints" has more than 20000 items',
  });
  expect(frame(unknown).length).toBe(unknown.length + 4);
});
