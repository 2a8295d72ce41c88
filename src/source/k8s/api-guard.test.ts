import { expect, test } from 'vitest';
import { rawEndpoint, rawService, rawSlice } from '../../../test/conformance/objects.ts';
import { parseObject } from '../../model/object.ts';
import type { Op } from '../../model/op.ts';
import { createApiGuard } from './api-guard.ts';

const VIP = '10.96.0.1';

function set(raw: unknown): Op {
  const parsed = parseObject(raw);
  if (!parsed.ok) throw new Error(parsed.reason);
  return { op: 'set', object: parsed.value };
}

function service(clusterIP = VIP): Op {
  return set(
    rawService({
      metadata: { namespace: 'default', name: 'kubernetes' },
      spec: { clusterIP, clusterIPs: [clusterIP] },
    }),
  );
}

function slice(name: string, ...endpoints: readonly object[]): Op {
  const labels = { 'kubernetes.io/service-name': 'kubernetes' };
  return set(rawSlice({ metadata: { namespace: 'default', name, labels }, endpoints }));
}

function deleted(kind: 'Service' | 'EndpointSlice', name: string): Op {
  return { op: 'delete', kind, namespace: 'default', name };
}

const READY = rawEndpoint('192.0.2.5');
const OTHER = rawEndpoint('192.0.2.6');
const GONE = rawEndpoint('192.0.2.5', { conditions: { ready: false, serving: false, terminating: true } });

/** What is told of these ops when the first are in force. */
function told(host: string, inForce: readonly Op[], ops: readonly Op[]): readonly (readonly Op[])[] {
  const guard = createApiGuard(host);
  expect(inForce.map(guard)).toEqual(inForce.map((op) => [op]));
  return ops.map(guard);
}

const BOTH = [service(), slice('kubernetes', READY)];

test('the last endpoint of the Service we go through stays until there is another', () => {
  const next = slice('kubernetes', OTHER);
  expect(told(VIP, BOTH, [slice('kubernetes'), deleted('EndpointSlice', 'kubernetes'), next])).toEqual([
    [],
    [],
    [next],
  ]);
  expect(told(VIP, BOTH, [slice('kubernetes', GONE)])).toEqual([[]]);
});

test('what was held back is told once another slice serves', () => {
  const other = slice('second', OTHER);
  expect(told(VIP, BOTH, [deleted('EndpointSlice', 'kubernetes'), other])).toEqual([
    [],
    [other, deleted('EndpointSlice', 'kubernetes')],
  ]);
});

test('one of two endpoints may go', () => {
  const less = slice('kubernetes', OTHER);
  expect(told(VIP, [service(), slice('kubernetes', READY, OTHER)], [less])).toEqual([[less]]);
});

test('the Service itself stays, and its VIP', () => {
  const renamed = service('10.96.0.2');
  expect(told(VIP, BOTH, [deleted('Service', 'kubernetes'), renamed, service()])).toEqual([[], [], [service()]]);
});

test('an agent with another way to the API changes nothing', () => {
  const ops = [slice('kubernetes'), deleted('EndpointSlice', 'kubernetes'), deleted('Service', 'kubernetes')];
  for (const host of ['192.0.2.5', 'api.example', '[fd00::1]']) {
    expect(told(host, BOTH, ops)).toEqual(ops.map((op) => [op]));
  }
});

test('the name of the Service is a way through it', () => {
  expect(told('kubernetes.default.svc', BOTH, [slice('kubernetes')])).toEqual([[]]);
});

test('endpoints of the other family are no way to a VIP', () => {
  const six = set(
    rawSlice({
      metadata: { namespace: 'default', name: 'six', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv6',
      endpoints: [rawEndpoint('fd00::5')],
    }),
  );
  expect(told(VIP, [...BOTH, six], [slice('kubernetes')])).toEqual([[]]);
});

test('other objects pass', () => {
  const ops = [set(rawService({})), set(rawSlice({})), deleted('Service', 'x'), deleted('EndpointSlice', 'x')];
  expect(told(VIP, BOTH, ops)).toEqual(ops.map((op) => [op]));
});
