import { expect, test } from 'vitest';
import type { Ip } from '../model/ip.ts';
import type { Port } from '../model/port.ts';
import { externalActions, internalActions } from './client-actions.ts';
import type { Selection } from './endpoint-selection.ts';
import type { Action, Endpoint } from './state.ts';

const endpoint: Endpoint = { ip: '10.180.0.1' as Ip, port: 80 as Port, local: true, serving: true, terminating: false };
const NOTHING: Selection = { cluster: [], local: [], hasAny: false };
const REMOTE: Selection = { cluster: [endpoint], local: [], hasAny: true };
const BOTH: Selection = { cluster: [endpoint], local: [endpoint], hasAny: true };

const cluster: Action = { kind: 'forward', scope: 'cluster', masquerade: false };
const local: Action = { kind: 'forward', scope: 'local', masquerade: false };
const snat = (action: Action): Action => (action.kind === 'forward' ? { ...action, masquerade: true } : action);
const reject: Action = { kind: 'reject' };
const drop: Action = { kind: 'drop' };
const all = (action: Action) => ({ pod: action, node: action, other: action });

const DETECTOR = { hasDetector: true, all: false };
const NO_DETECTOR = { hasDetector: false, all: false };

test('ClusterIP: the base row, without a detector, masqueradeAll', () => {
  expect(internalActions('cluster', BOTH, DETECTOR)).toEqual({
    pod: cluster,
    node: snat(cluster),
    other: snat(cluster),
  });
  expect(internalActions('cluster', BOTH, NO_DETECTOR)).toEqual(all(cluster));
  expect(internalActions('cluster', BOTH, { hasDetector: true, all: true })).toEqual(all(snat(cluster)));
  expect(internalActions('cluster', BOTH, { hasDetector: false, all: true })).toEqual(all(snat(cluster)));
});

test('ClusterIP: refused without endpoints, dropped where only remote ones are', () => {
  expect(internalActions('cluster', NOTHING, DETECTOR)).toEqual(all(reject));
  expect(internalActions('local', NOTHING, DETECTOR)).toEqual(all(reject));
  expect(internalActions('local', REMOTE, DETECTOR)).toEqual(all(drop));
  expect(internalActions('local', BOTH, DETECTOR)).toEqual({ pod: local, node: snat(local), other: snat(local) });
});

test('external, policy Cluster: everybody is masqueraded', () => {
  expect(externalActions('cluster', BOTH, DETECTOR)).toEqual(all(snat(cluster)));
  expect(externalActions('cluster', BOTH, NO_DETECTOR)).toEqual(all(snat(cluster)));
  expect(externalActions('cluster', NOTHING, DETECTOR)).toEqual(all(reject));
});

test('external, policy Local: this node short-circuits, others get local endpoints or silence', () => {
  expect(externalActions('local', BOTH, DETECTOR)).toEqual({ pod: cluster, node: snat(cluster), other: local });
  expect(externalActions('local', REMOTE, DETECTOR)).toEqual({ pod: cluster, node: snat(cluster), other: drop });
  expect(externalActions('local', BOTH, NO_DETECTOR)).toEqual({ pod: local, node: snat(cluster), other: local });
  expect(externalActions('local', REMOTE, NO_DETECTOR)).toEqual({ pod: drop, node: snat(cluster), other: drop });
  expect(externalActions('local', NOTHING, DETECTOR)).toEqual(all(reject));
});
