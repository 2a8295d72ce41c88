import { expect, test } from 'vitest';
import { type Ct, CtFlag, type CtKey, CtTcp, Hook } from '../../abi/generated.ts';
import type { Ip } from '../../model/ip.ts';
import { formatAffinity, viewAffinity } from './affinity-view.ts';
import { formatFlow, viewFlow } from './flow-view.ts';

const SECOND_NS = 1_000_000_000n;
const CONTEXT = { nowNs: 100n * SECOND_NS, names: new Map([[3, 'default/web:http/TCP/IPv4']]) };
const CLIENT = '10.0.0.2' as Ip;

const KEY: CtKey = {
  tuple: { saddr: CLIENT, daddr: '10.96.0.1' as Ip, sport: 4000, dport: 80 },
  proto: 6,
  hook: Hook.POD_IN,
};
const ROW: Ct = {
  tuple: { saddr: CLIENT, daddr: '10.0.1.3' as Ip, sport: 4000, dport: 8080 },
  lastSeenNs: 97n * SECOND_NS,
  createdNs: 40n * SECOND_NS,
  serviceId: 3,
  backendId: 9,
  flags: CtFlag.BRIDGE,
  tcp: CtTcp.SYN | CtTcp.ESTABLISHED,
  mac: new Uint8Array(6),
  lookedAt: 0,
};

test('a flow tells what its packets become', () => {
  const view = viewFlow(KEY, ROW, CONTEXT);
  expect([view, formatFlow(view)]).toEqual([
    {
      protocol: 'TCP',
      hook: 'POD_IN',
      source: '10.0.0.2:4000',
      destination: '10.96.0.1:80',
      newSource: '10.0.0.2:4000',
      newDestination: '10.0.1.3:8080',
      service: 'default/web:http/TCP/IPv4',
      backendId: 9,
      flags: ['BRIDGE'],
      tcp: ['SYN', 'ESTABLISHED'],
      idleSeconds: 3,
      ageSeconds: 60,
    },
    'TCP POD_IN 10.0.0.2:4000 > 10.96.0.1:80 becomes 10.0.0.2:4000 > 10.0.1.3:8080, default/web:http/TCP/IPv4, BRIDGE SYN ESTABLISHED, idle 3 s',
  ]);
});

test('an affinity tells what is left of it', () => {
  const context = { ...CONTEXT, affinitySeconds: () => 10, backend: () => '10.0.1.3:8080' };
  const key = { client: CLIENT, serviceId: 3 };
  const views = [97n, 80n].map((seconds) =>
    viewAffinity(key, { lastUsedNs: seconds * SECOND_NS, backendId: 9 }, context),
  );
  const same = { service: 'default/web:http/TCP/IPv4', client: '10.0.0.2', backend: '10.0.1.3:8080' };
  expect([views, views.map(formatAffinity)]).toEqual([
    [
      { ...same, idleSeconds: 3, remainingSeconds: 7 },
      { ...same, idleSeconds: 20, remainingSeconds: 0 },
    ],
    [
      'default/web:http/TCP/IPv4: 10.0.0.2 goes to 10.0.1.3:8080, for 7 s more',
      'default/web:http/TCP/IPv4: 10.0.0.2 goes to 10.0.1.3:8080, run out',
    ],
  ]);
});
