import { expect, test } from 'vitest';
import type { Cidr, Ip } from '../model/ip.ts';
import type { Port } from '../model/port.ts';
import { sameServicePort } from './same.ts';
import type { Endpoint, Frontend, ServicePort, ServicePortKey } from './state.ts';

const endpoint: Endpoint = { ip: '10.0.0.1' as Ip, port: 80 as Port, local: true, serving: true, terminating: false };
const range: Cidr = { ip: '10.0.0.0' as Ip, prefixLength: 8 };
const frontend: Frontend = {
  kind: 'ClusterIP',
  address: '172.30.0.41' as Ip,
  port: 80 as Port,
  sourceRanges: [range],
  clients: {
    pod: { kind: 'forward', scope: 'cluster', masquerade: false },
    node: { kind: 'reject' },
    other: { kind: 'drop' },
  },
};
const port: ServicePort = {
  key: 'ns/a:/TCP/IPv4' as ServicePortKey,
  service: 'ns/a',
  portName: '',
  protocol: 'TCP',
  family: 'IPv4',
  affinitySeconds: 0,
  frontends: [frontend],
  cluster: [endpoint],
  local: [endpoint],
  serving: [endpoint],
};
const dials = (over: Partial<Frontend>): ServicePort => ({ ...port, frontends: [{ ...frontend, ...over }] });
const serves = (over: Partial<Endpoint>): ServicePort => ({ ...port, cluster: [{ ...endpoint, ...over }] });
const acts = (over: Partial<Frontend['clients']>): ServicePort => dials({ clients: { ...frontend.clients, ...over } });

test('an equal copy is the same', () => {
  expect(sameServicePort(port, structuredClone(port))).toBe(true);
});

test.each([
  { ...port, key: 'ns/b:/TCP/IPv4' as ServicePortKey },
  { ...port, affinitySeconds: 3 },
  { ...port, frontends: [] },
  { ...port, frontends: [frontend, frontend] },
  { ...port, local: [] },
  { ...port, serving: [] },
  dials({ kind: 'ExternalIP' }),
  dials({ address: undefined }),
  dials({ port: 81 as Port }),
  dials({ sourceRanges: [] }),
  dials({ sourceRanges: [{ ...range, prefixLength: 9 }] }),
  dials({ sourceRanges: [{ ...range, ip: '11.0.0.0' as Ip }] }),
  acts({ pod: { kind: 'forward', scope: 'local', masquerade: false } }),
  acts({ pod: { kind: 'forward', scope: 'cluster', masquerade: true } }),
  acts({ pod: { kind: 'drop' } }),
  acts({ node: { kind: 'drop' } }),
  acts({ other: { kind: 'reject' } }),
  serves({ ip: '10.0.0.2' as Ip }),
  serves({ port: 81 as Port }),
  serves({ local: false }),
  serves({ serving: false }),
  serves({ terminating: true }),
])('a difference is seen, case %#', (changed) => {
  expect([sameServicePort(port, changed), sameServicePort(changed, port)]).toEqual([false, false]);
});
