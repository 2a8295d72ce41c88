import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseObject } from '../../src/model/object.ts';
import type { Op } from '../../src/model/op.ts';
import { createPlanner, type Planner } from '../../src/plan/planner.ts';
import type { DataplaneState, ServicePort, ServicePortKey } from '../../src/plan/state.ts';
import { NODE, OTHER_NODE, type RawObject, rawEndpoint, rawNode, rawService, rawSlice } from './objects.ts';
import { CONFIG } from './plan-objects.ts';

const RUNS = { seed: 20261124, numRuns: 300 };

test('planning step by step equals planning from scratch, and the deltas add up to it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyOp(), fc.boolean()), { maxLength: 40 }), (steps) => {
      const planner = createPlanner(CONFIG);
      const mirror = new Map<ServicePortKey, ServicePort>();
      let mirroredNode = planner.state().node;
      const follow = (): void => {
        const { updated, removed, node } = planner.plan();
        for (const key of removed) mirror.delete(key);
        for (const [key, servicePort] of updated) mirror.set(key, servicePort);
        mirroredNode = node ?? mirroredNode;
      };
      for (const [op, plansNow] of steps) {
        planner.apply(op);
        if (plansNow) follow();
      }
      follow();
      const scratch = planFromScratch(steps.map(([op]) => op)).state();
      expect(inert(planner.state())).toEqual(inert(scratch));
      expect(inert({ ...planner.state(), servicePorts: mirror, node: mirroredNode })).toEqual(inert(scratch));
    }),
    RUNS,
  );
});

test('the order in which the last word on each object comes does not matter', () => {
  fc.assert(
    fc.property(fc.array(anyObject(), { maxLength: 20 }), fc.infiniteStream(fc.nat()), (objects, order) => {
      const last = [...new Map(objects.map((object) => [identityOf(object), object])).values()];
      const shuffled = last
        .map((object) => ({ object, rank: Number(order.next().value) }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ object }) => object);
      const [straight, mixed] = [last, shuffled].map((list) => planFromScratch(list.map(toOp)).state());
      expect(straight && inert(straight)).toEqual(mixed && inert(mixed));
    }),
    RUNS,
  );
});

test('a forward verdict names a set that is not empty, of endpoints that serve on their own node or are reachable', () => {
  fc.assert(
    fc.property(fc.array(anyObject(), { maxLength: 30 }), (objects) => {
      const { servicePorts } = planFromScratch(objects.map(toOp)).state();
      for (const { frontends, cluster, local, serving } of servicePorts.values()) {
        expect([...cluster, ...local].filter((endpoint) => !serving.includes(endpoint))).toEqual([]);
        expect(local.filter((endpoint) => !endpoint.local)).toEqual([]);
        for (const { clients } of frontends) {
          for (const action of Object.values(clients)) {
            if (action.kind === 'forward')
              expect((action.scope === 'local' ? local : cluster).length).toBeGreaterThan(0);
          }
        }
      }
    }),
    RUNS,
  );
});

test('no two Services ever hold one frontend', () => {
  fc.assert(
    fc.property(fc.array(anyObject(), { maxLength: 30 }), (objects) => {
      const { servicePorts } = planFromScratch(objects.map(toOp)).state();
      const claims = [...servicePorts.values()].flatMap(({ frontends, family, protocol }) =>
        frontends.map(({ address, port }) => `${address ?? family} ${port}/${protocol}`),
      );
      expect(new Set(claims).size).toBe(claims.length);
    }),
    RUNS,
  );
});

function planFromScratch(ops: readonly Op[]): Planner {
  const planner = createPlanner(CONFIG);
  for (const op of ops) planner.apply(op);
  planner.plan();
  return planner;
}

/** As plain data in one order: maps remember who came first. */
function inert(state: DataplaneState) {
  const servicePorts = [...state.servicePorts.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  return { node: state.node, servicePorts, ignored: state.ignored };
}

/** Few names and addresses, so that everything meets everything. */
function anyObject(): fc.Arbitrary<RawObject> {
  const policy = fc.constantFrom('Cluster', 'Local', 'Nonsense');
  const port = fc.record({
    name: fc.constantFrom('a', 'b'),
    port: fc.constantFrom(80, 81, 0),
    protocol: fc.constantFrom('TCP', 'UDP'),
    nodePort: fc.constantFrom(0, 30080, 30081),
  });
  const service = fc
    .record({
      name: fc.constantFrom('svc1', 'svc2', 'svc3'),
      creationTimestamp: fc.constantFrom(null, '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
      clusterIPs: fc.constantFrom(['172.30.0.41'], ['172.30.0.42', 'fd00::42'], ['fd00::42'], ['None'], ['bad']),
      ports: fc.array(port, { maxLength: 3 }),
      internalTrafficPolicy: policy,
      externalTrafficPolicy: policy,
      sessionAffinity: fc.constantFrom('None', 'ClientIP', 'Nonsense'),
      externalIPs: fc.subarray(['172.30.0.41', '192.168.99.11', 'fd01::1', '0.0.0.0']),
      loadBalancerSourceRanges: fc.subarray(['192.168.0.0/24', 'fd00::/64', '10.0.0.0/99']),
      ingress: fc.subarray([{ ip: '1.2.3.4' }, { ip: '192.168.99.11' }, { ip: 'fd02::1', ipMode: 'VIP' }]),
    })
    .map(({ name, creationTimestamp, ingress, ...spec }) =>
      rawService({
        metadata: { name, creationTimestamp },
        spec: { ...spec, clusterIP: spec.clusterIPs[0] },
        status: { loadBalancer: { ingress } },
      }),
    );
  const hint = (names: readonly string[]) => fc.subarray([...names]).map((list) => list.map((name) => ({ name })));
  const endpoint = fc
    .record({
      address: fc.constantFrom('10.180.0.1', '10.180.0.2', 'fd00::1', 'fd00::2'),
      nodeName: fc.constantFrom(NODE, OTHER_NODE, null),
      ready: fc.constantFrom(true, false, null),
      serving: fc.constantFrom(true, false, null),
      terminating: fc.constantFrom(true, false, null),
      forZones: hint(['zone-a', 'zone-b']),
      forNodes: hint([NODE, OTHER_NODE]),
    })
    .map(({ address, nodeName, forZones, forNodes, ...conditions }) =>
      rawEndpoint(address, { nodeName, conditions, hints: { forZones, forNodes } }),
    );
  const slice = fc
    .record({
      name: fc.constantFrom('x', 'y', 'z'),
      service: fc.constantFrom('svc1', 'svc2', 'svc3'),
      addressType: fc.constantFrom('IPv4', 'IPv6'),
      ports: fc.array(port, { maxLength: 3 }),
      endpoints: fc.array(endpoint, { maxLength: 5 }),
    })
    .map(({ name, service: owner, ...rest }) =>
      rawSlice({ metadata: { name, labels: { 'kubernetes.io/service-name': owner } }, ...rest }),
    );
  const node = fc
    .tuple(fc.subarray(['192.168.0.2', '192.168.1.2', 'fd00::2']), fc.constantFrom('zone-a', 'zone-b', ''))
    .map(([addresses, zone]) => rawNode(addresses, { zone }));
  return fc.oneof({ weight: 3, arbitrary: service }, { weight: 4, arbitrary: slice }, { weight: 1, arbitrary: node });
}

function anyOp(): fc.Arbitrary<Op> {
  const kinds = fc.constantFrom('Service' as const, 'EndpointSlice' as const, 'Node' as const);
  const gone = fc
    .tuple(kinds, fc.constantFrom('svc1', 'svc2', 'x', 'y', NODE))
    .map(([kind, name]): Op => ({ op: 'delete', kind, namespace: kind === 'Node' ? '' : 'ns1', name }));
  return fc.oneof(
    { weight: 12, arbitrary: anyObject().map(toOp) },
    { weight: 4, arbitrary: gone },
    { weight: 1, arbitrary: fc.constant<Op>({ op: 'reset' }) },
    { weight: 1, arbitrary: fc.constant<Op>({ op: 'sync' }) },
  );
}

function toOp(raw: RawObject): Op {
  const parsed = parseObject(raw);
  if (!parsed.ok) throw new Error(parsed.reason);
  return { op: 'set', object: parsed.value };
}

function identityOf(raw: RawObject): string {
  const metadata = raw['metadata'] as { readonly name: string }; // as the builders write it
  return `${String(raw['kind'])} ${metadata.name}`;
}
