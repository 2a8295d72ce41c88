import { expect, test } from 'vitest';
import { type RawObject, rawEndpoint, rawSlice } from '../../test/conformance/objects.ts';
import type { EndpointSlice } from './endpoint-slice.ts';
import { parseObject } from './object.ts';

const READY = { ready: true, serving: true, terminating: false };
const NO_HINTS = { zones: [], nodes: [] };

test('a whole slice: first addresses, conditions with their defaults, hints', () => {
  const slice = parse({
    ports: [
      { name: 'http', port: 8080, protocol: 'TCP', appProtocol: 'http' },
      { name: '', port: 53, protocol: 'UDP' },
    ],
    endpoints: [
      { addresses: ['10.180.0.1', '10.180.0.9'], nodeName: 'node-a' },
      { addresses: ['010.180.0.2'], conditions: { ready: null, serving: null, terminating: null } },
      { addresses: ['10.180.0.3'], conditions: { ready: false, terminating: true } },
      {
        addresses: ['10.180.0.4'],
        hints: { forZones: [{ name: 'zone-a' }, { name: 'zone-b' }], forNodes: [{ name: 'node-a' }, 'junk'] },
      },
    ],
  });
  expect(slice).toEqual({
    kind: 'EndpointSlice',
    namespace: 'ns1',
    name: 'svc1-x',
    service: 'ns1/svc1',
    family: 'IPv4',
    ports: [
      { name: 'http', protocol: 'TCP', port: 8080 },
      { name: '', protocol: 'UDP', port: 53 },
    ],
    endpoints: [
      { ip: '10.180.0.1', nodeName: 'node-a', conditions: READY, hints: NO_HINTS },
      { ip: '10.180.0.2', nodeName: undefined, conditions: READY, hints: NO_HINTS },
      {
        ip: '10.180.0.3',
        nodeName: undefined,
        conditions: { ready: false, serving: true, terminating: true },
        hints: NO_HINTS,
      },
      {
        ip: '10.180.0.4',
        nodeName: undefined,
        conditions: READY,
        hints: { zones: ['zone-a', 'zone-b'], nodes: ['node-a'] },
      },
    ],
    problems: [],
  });
});

test("a headless Service's slice belongs to nobody", () => {
  const labels = { 'kubernetes.io/service-name': 'svc1', 'service.kubernetes.io/headless': '' };
  const slice = parse({ metadata: { labels }, endpoints: [rawEndpoint('10.180.0.1')] });
  expect([slice.service, slice.endpoints, slice.problems]).toEqual([undefined, [], []]);
});

test('bad parts leave the rest', () => {
  const slice = parse({
    ports: [
      { port: 80 },
      { name: 'a', port: null },
      { name: 'b', port: 80, protocol: 'sctp' },
      { name: 'c', port: 80 },
    ],
    endpoints: [
      rawEndpoint('fd00::1'),
      rawEndpoint('nonsense'),
      rawEndpoint('127.0.0.1'),
      { addresses: [] },
      { conditions: {} },
      null,
      rawEndpoint('10.180.0.1'),
    ],
  });
  expect([slice.ports, slice.endpoints.map(({ ip }) => ip)]).toEqual([
    [{ name: 'c', protocol: 'TCP', port: 80 }],
    ['10.180.0.1'],
  ]);
  expect(slice.problems).toEqual([
    'ports[0].name: the port has none: write "" for an unnamed port',
    'ports[1].port: null is not a port: use a number from 1 to 65535',
    'ports[2].protocol: "sctp" is not a protocol: use TCP, UDP or SCTP',
    'endpoints[0].addresses[0]: "fd00::1" is not IPv4: correct it',
    'endpoints[1].addresses[0]: "nonsense" is not an IP address: write it like 10.0.0.1 or fd00::1',
    'endpoints[2].addresses[0]: "127.0.0.1" can\'t serve: use a unicast address',
    'endpoints[3].addresses[0]: nothing is not an IP address: write it like 10.0.0.1 or fd00::1',
    'endpoints[4].addresses[0]: nothing is not an IP address: write it like 10.0.0.1 or fd00::1',
    'endpoints[5]: null is not an object: write addresses',
  ]);
});

test.each<[string, RawObject, string]>([
  ['FQDN', { addressType: 'FQDN' }, 'addressType: "FQDN" can\'t be served: use IPv4 or IPv6'],
  [
    'no label',
    { metadata: { labels: {} } },
    'metadata.labels: kubernetes.io/service-name: nothing is not a name: write one',
  ],
  ['no namespace', { metadata: { namespace: undefined } }, 'metadata.namespace: nothing is not a name: write one'],
])('refuses a slice: %s', (_, over, reason) => {
  expect(parseObject(rawSlice(over))).toEqual({ ok: false, reason });
});

function parse(over: RawObject): EndpointSlice {
  const parsed = parseObject(rawSlice(over));
  if (!parsed.ok || parsed.value.kind !== 'EndpointSlice') throw new Error('Not read as an EndpointSlice');
  return parsed.value;
}
