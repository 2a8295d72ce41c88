import { expect, test } from 'vitest';
import { CtTcp, type Flow, FlowFlag } from '../../abi/generated.ts';
import type { Ip } from '../../model/ip.ts';
import { formatAffinity, viewAffinity } from './affinity-view.ts';
import { formatFlow, viewFlow } from './flow-view.ts';

const SECOND_NS = 1_000_000_000n;
const NAMES = new Map([[3, 'default/web:http/TCP/IPv4']]);
const CLIENT = '10.0.0.2' as Ip;

const FLOW: Flow = {
  dialled: { saddr: CLIENT, daddr: '10.96.0.1' as Ip, sport: 4000, dport: 80 },
  forwarded: { saddr: CLIENT, daddr: '10.0.1.3' as Ip, sport: 4000, dport: 8080 },
  serviceId: 3,
  backendId: 9,
  created: 40,
  lookedAt: 0,
  epoch: 0,
  place: 0,
  hairpinPort: 0,
  proto: 6,
  flags: FlowFlag.BRIDGE,
  tcp: Uint8Array.of(CtTcp.SYN | CtTcp.ESTABLISHED, CtTcp.SYN),
  mac: new Uint8Array(6),
  expires: 103,
  uplink: 0,
  out: 0,
};

test('a flow tells what its packets become', () => {
  const view = viewFlow(FLOW, { nowSec: 100, names: NAMES });
  expect([view, formatFlow(view)]).toEqual([
    {
      protocol: 'TCP',
      source: '10.0.0.2:4000',
      destination: '10.96.0.1:80',
      newSource: '10.0.0.2:4000',
      newDestination: '10.0.1.3:8080',
      service: 'default/web:http/TCP/IPv4',
      backendId: 9,
      flags: ['BRIDGE'],
      tcp: ['SYN', 'ESTABLISHED'],
      tcpAnswers: ['SYN'],
      ageSeconds: 60,
      remainingSeconds: 3,
    },
    'TCP 10.0.0.2:4000 > 10.96.0.1:80 becomes 10.0.0.2:4000 > 10.0.1.3:8080, default/web:http/TCP/IPv4, BRIDGE SYN ESTABLISHED, answered SYN, for 3 s more',
  ]);
});

test('an affinity tells what is left of it', () => {
  const context = { nowNs: 100n * SECOND_NS, names: NAMES, affinitySeconds: () => 10, backend: () => '10.0.1.3:8080' };
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
