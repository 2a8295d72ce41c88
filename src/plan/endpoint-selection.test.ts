import { expect, test } from 'vitest';
import type { Ip } from '../model/ip.ts';
import type { Port } from '../model/port.ts';
import { type Candidate, selectEndpoints, type Topology } from './endpoint-selection.ts';

const HERE: Topology = { nodeName: 'node-a', zone: 'zone-a', preferSameTrafficDistribution: true };
const WANTED = { cluster: true, local: true };

test('all nodes hinted, none for this one: zones decide', () => {
  const candidates = [hinted('10.0.0.1', ['zone-a'], ['node-b']), hinted('10.0.0.2', ['zone-b'], ['node-c'])];
  expect(addresses(candidates, HERE)).toEqual({ cluster: ['10.0.0.1'], local: [], hasAny: true });
});

test('hinted for this node: only those, with the gate', () => {
  const candidates = [hinted('10.0.0.1', ['zone-a'], ['node-b']), hinted('10.0.0.2', ['zone-b'], ['node-a'])];
  expect(addresses(candidates, HERE).cluster).toEqual(['10.0.0.2']);
  expect(addresses(candidates, { ...HERE, preferSameTrafficDistribution: false }).cluster).toEqual(['10.0.0.1']);
});

test('no zone of our own, or none hinted for it: no filter', () => {
  const candidates = [hinted('10.0.0.1', ['zone-b'], []), hinted('10.0.0.2', ['zone-c'], [])];
  expect(addresses(candidates, HERE).cluster).toEqual(['10.0.0.1', '10.0.0.2']);
  expect(addresses(candidates, { ...HERE, zone: undefined }).cluster).toEqual(['10.0.0.1', '10.0.0.2']);
});

test('cluster and local fall back to terminating endpoints on their own', () => {
  const remote = hinted('10.0.0.1', [], []);
  const draining = candidate('10.0.0.2', { local: true, ready: false, terminating: true });
  expect(addresses([remote, draining], HERE)).toEqual({ cluster: ['10.0.0.1'], local: ['10.0.0.2'], hasAny: true });
});

test('nothing usable: neither ready nor draining', () => {
  expect(addresses([], HERE)).toEqual({ cluster: [], local: [], hasAny: false });
  const idle = candidate('10.0.0.1', { local: true, ready: false, terminating: false });
  expect(addresses([idle], HERE)).toEqual({ cluster: [], local: [], hasAny: false });
});

test('a set that nobody wants is empty, yet something exists', () => {
  const candidates = [hinted('10.0.0.1', [], [])];
  expect(selectEndpoints(candidates, { cluster: false, local: false }, HERE)).toEqual({
    cluster: [],
    local: [],
    hasAny: true,
  });
});

function addresses(candidates: readonly Candidate[], topology: Topology) {
  const { cluster, local, hasAny } = selectEndpoints(candidates, WANTED, topology);
  return { cluster: cluster.map(({ ip }) => ip), local: local.map(({ ip }) => ip), hasAny };
}

function hinted(ip: string, zones: readonly string[], nodes: readonly string[]): Candidate {
  const { endpoint, source } = candidate(ip, { local: false, ready: true, terminating: false });
  return { endpoint, source: { ...source, hints: { zones, nodes } } };
}

function candidate(
  text: string,
  is: { readonly local: boolean; readonly ready: boolean; readonly terminating: boolean },
): Candidate {
  const { local, ready, terminating } = is;
  const ip = text as Ip;
  return {
    endpoint: { ip, port: 80 as Port, local, serving: true, terminating },
    source: {
      ip,
      nodeName: undefined,
      conditions: { ready, serving: true, terminating },
      hints: { zones: [], nodes: [] },
    },
  };
}
