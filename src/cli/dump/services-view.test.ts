import { expect, test } from 'vitest';
import { EMPTY_COLUMN, packColumn } from '../../abi/column.ts';
import { type Backend, BackendFlag, ColumnFlag, MemberFlag, Scope, type Slot, Verdict } from '../../abi/generated.ts';
import type { Ip } from '../../model/ip.ts';
import type { ServiceTables } from './service-tables.ts';
import { formatServices } from './services-text.ts';
import { viewServices } from './services-view.ts';

const NO_BACKEND: Backend = { addr: '::' as Ip, port: 0, proto: 0, flags: 0 };
const NO_SLOT: Slot = { backendId: 0, serviceId: 0 };
const NONE = packColumn(EMPTY_COLUMN);
const REJECT = packColumn({ ...EMPTY_COLUMN, verdict: Verdict.REJECT });

/** Service 3: two backends in the cluster, one of them local; a third one drains. Slot 12 is stale. */
const TABLES: ServiceTables = {
  names: new Map([
    [3, 'default/web:http/TCP/IPv4'],
    [1, 'default/empty:/TCP/IPv4'],
  ]),
  frontends: new Map([
    [
      3,
      [
        { addr: '10.96.0.10' as Ip, port: 80, proto: 6, serviceId: 3, scope: Scope.INTERNAL },
        { addr: '0.0.0.0' as Ip, port: 30080, proto: 6, serviceId: 3, scope: Scope.EXTERNAL },
      ],
    ],
    [1, [{ addr: '10.96.0.11' as Ip, port: 80, proto: 6, serviceId: 1, scope: Scope.INTERNAL }]],
  ]),
  members: new Map([
    [
      3,
      [
        { backendId: 5, flags: MemberFlag.CLUSTER | MemberFlag.LOCAL | MemberFlag.SERVING },
        { backendId: 7, flags: MemberFlag.SERVING },
      ],
    ],
  ]),
  sourceRanges: new Map(),
  serviceCounters: new Map([[3, { connections: 4n, rejects: 0n, drops: 1n }]]),
  backendCounters: new Map([[5, { connections: 3n, rejects: 0n, drops: 0n }]]),
  service: (id) => {
    const cluster = packColumn({ verdict: Verdict.FORWARD, offset: 10, size: 3, flags: ColumnFlag.SOCKET });
    const local = packColumn({
      verdict: Verdict.FORWARD,
      offset: 20,
      size: 1,
      flags: ColumnFlag.LOCAL | ColumnFlag.MASQUERADE,
    });
    const columns =
      id === 3 ? [cluster, cluster, NONE, cluster, NONE, local] : [REJECT, REJECT, REJECT, NONE, NONE, NONE];
    return { columns, affinitySec: id === 3 ? 60 : 0, flags: 0 };
  },
  slot: (index) => {
    const slots: Readonly<Record<number, Slot>> = {
      10: { backendId: 5, serviceId: 3 },
      11: { backendId: 6, serviceId: 3 },
      12: { backendId: 9, serviceId: 2 },
      20: { backendId: 5, serviceId: 3 },
    };
    return slots[index] ?? NO_SLOT;
  },
  backend: (id) => {
    const backends: Readonly<Record<number, Backend>> = {
      5: { addr: '10.0.0.5' as Ip, port: 8080, proto: 6, flags: BackendFlag.LOCAL },
      6: { addr: '10.0.1.6' as Ip, port: 8080, proto: 6, flags: 0 },
      7: { addr: '10.0.1.7' as Ip, port: 8080, proto: 6, flags: 0 },
    };
    return backends[id] ?? NO_BACKEND;
  },
};

test('joins frontends, verdicts, backends and counters', () => {
  const cluster = {
    action: 'forward',
    set: 'cluster',
    endpoints: ['10.0.0.5:8080', '10.0.1.6:8080'],
    masquerade: false,
  };
  const local = { action: 'forward', set: 'local', endpoints: ['10.0.0.5:8080'], masquerade: true };
  const none = { action: 'none' };
  const reject = { action: 'reject' };
  expect(viewServices(TABLES)).toEqual([
    {
      service: 'default/empty:/TCP/IPv4',
      id: 1,
      affinitySeconds: 0,
      sourceRanges: [],
      frontends: [
        { kind: 'ClusterIP', address: '10.96.0.11', port: 80, clients: { pod: reject, node: reject, other: reject } },
      ],
      backends: [],
      connections: 0,
      rejects: 0,
      drops: 0,
    },
    {
      service: 'default/web:http/TCP/IPv4',
      id: 3,
      affinitySeconds: 60,
      sourceRanges: [],
      frontends: [
        { kind: 'ClusterIP', address: '10.96.0.10', port: 80, clients: { pod: cluster, node: cluster, other: none } },
        { kind: 'NodePort', address: null, port: 30080, clients: { pod: cluster, node: none, other: local } },
      ],
      backends: [
        { address: '10.0.0.5:8080', id: 5, local: true, sets: ['cluster', 'local'], state: 'in use', connections: 3 },
        { address: '10.0.1.6:8080', id: 6, local: false, sets: ['cluster'], state: 'in use', connections: 0 },
        { address: '10.0.1.7:8080', id: 7, local: false, sets: [], state: 'draining', connections: 0 },
      ],
      connections: 4,
      rejects: 0,
      drops: 1,
    },
  ]);
});

test('people get a paragraph for each service', () => {
  expect(
    formatServices(viewServices(TABLES)),
  ).toBe(`default/empty:/TCP/IPv4  (id 1, 0 connections, 0 rejected, 0 dropped)
  FRONTEND       KIND       FROM POD  FROM NODE  FROM ELSEWHERE
  10.96.0.11:80  ClusterIP  reject    reject     reject

default/web:http/TCP/IPv4  (id 3, 4 connections, 0 rejected, 1 dropped, affinity 60 s)
  FRONTEND       KIND       FROM POD   FROM NODE  FROM ELSEWHERE
  10.96.0.10:80  ClusterIP  2 cluster  2 cluster  none
  node:30080     NodePort   2 cluster  none       1 local, masqueraded
  BACKEND        SETS            WHERE      CONNECTIONS
  10.0.0.5:8080  cluster, local  this node  3
  10.0.1.6:8080  cluster         elsewhere  0
  10.0.1.7:8080  draining        elsewhere  0
`);
});
