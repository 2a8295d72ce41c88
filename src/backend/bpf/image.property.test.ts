import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Dial, decide, findFrontend, lookUp } from '../../../test/support/look-up.ts';
import {
  buildEndpoint,
  buildFrontend,
  buildNode,
  buildServicePort,
  byKey,
  FORWARD,
  FORWARD_LOCAL,
  MASQUERADE,
} from '../../../test/support/service-ports.ts';
import type { Cidr, Ip } from '../../model/ip.ts';
import type { Action, Client, Endpoint, Frontend, ServicePort, ServicePortKey } from '../../plan/state.ts';
import { createFakeKernel } from '../fake/kernel.ts';
import { commit } from './commit.ts';
import { type Change, diff, diffAll } from './diff.ts';
import type { Capacities, Image } from './image.ts';
import type { KernelMaps } from './kernel-maps.ts';
import { observe } from './observe.ts';
import { collectVips, drainingVips, GRACE_MS, retire } from './retire.ts';
import { verify } from './verify.ts';
import type { Write } from './write.ts';

type State = ReadonlyMap<ServicePortKey, ServicePort>;

const node = buildNode();
const environment = { deviceAddresses: ['192.168.0.1', '192.168.0.2'] as Ip[] };
const capacities: Capacities = {
  services: 64,
  slots: 256,
  backends: 128,
  frontends: 64,
  vips: 64,
  members: 256,
  service_names: 64,
  source_ranges: 64,
};

const endpoints: readonly Endpoint[] = [1, 2, 3, 4, 5].map((host) =>
  buildEndpoint({ ip: `10.1.0.${host}`, local: host < 3 }),
);
const ranges: readonly Cidr[] = [
  { ip: '172.16.0.0' as Ip, prefixLength: 16 },
  { ip: '172.16.9.0' as Ip, prefixLength: 24 },
];
const actions: readonly Action[] = [FORWARD, FORWARD_LOCAL, MASQUERADE, { kind: 'drop' }, { kind: 'reject' }];

const anyAction = fc.constantFrom(...actions);
const anyClients: fc.Arbitrary<Record<Client, Action>> = fc.record({
  pod: anyAction,
  node: anyAction,
  other: anyAction,
});

/** Frontends draw from few addresses and ports, so that Services take each other's. */
const anyServicePort = (name: string): fc.Arbitrary<ServicePort> =>
  fc
    .record({
      protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
      affinitySeconds: fc.constantFrom(0, 0, 60),
      cluster: fc.subarray([...endpoints]),
      local: fc.subarray(endpoints.filter(({ local }) => local)),
      serving: fc.subarray([...endpoints]),
      internal: anyClients,
      external: anyClients,
      sourceRanges: fc.subarray([...ranges]),
      clusterIp: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3'),
      externalIp: fc.constantFrom(undefined, '5.0.0.1', '5.0.0.2', '10.0.0.1'),
      balancedIp: fc.constantFrom(undefined, '5.0.0.1', '5.0.0.3'),
      nodePort: fc.constantFrom(undefined, 30000, 30001),
      port: fc.constantFrom(80, 443),
    })
    .map(({ internal, external, sourceRanges, clusterIp, externalIp, balancedIp, nodePort, port, ...rest }) => {
      const wanted: readonly (Frontend | undefined)[] = [
        buildFrontend({ address: clusterIp, port, clients: internal }),
        balancedIp === undefined
          ? undefined
          : buildFrontend({ kind: 'LoadBalancer', address: balancedIp, port, clients: external, sourceRanges }),
        externalIp === undefined
          ? undefined
          : buildFrontend({ kind: 'ExternalIP', address: externalIp, port, clients: external }),
        nodePort === undefined
          ? undefined
          : buildFrontend({ kind: 'NodePort', address: undefined, port: nodePort, clients: external }),
      ];
      return buildServicePort({ name, ...rest, frontends: wanted.filter((frontend) => frontend !== undefined) });
    });

const anyState: fc.Arbitrary<State> = fc
  .tuple(...['a', 'b', 'c', 'd'].map((name) => fc.option(anyServicePort(name), { nil: undefined })))
  .map((ports) => withoutContest(ports.filter((port) => port !== undefined)));

/** Every frontend to the first who asks for it, as the planner has it. */
function withoutContest(ports: readonly ServicePort[]): State {
  const claimed = new Set<string>();
  const first = (port: ServicePort, { address, port: number }: Frontend): boolean => {
    const name = `${address} ${number} ${port.protocol}`;
    return !claimed.has(name) && claimed.add(name).size > 0;
  };
  return byKey(...ports.map((port) => ({ ...port, frontends: port.frontends.filter((each) => first(port, each)) })));
}

function changeBetween(from: State, to: State, nowMs: number): Change {
  const removed = new Set([...from.keys()].filter((key) => !to.has(key)));
  return { updated: to, removed, node, environment, nowMs };
}

function settle(kernel: KernelMaps, image: Image, change: Change): void {
  for (const writes of diff(image, change)) commit(writes, kernel);
}

/** Sources only matter to LB VIPs, node ports only on the node's address. */
const dials: readonly Dial[] = [
  ...['10.0.0.1', '10.0.0.2', '10.0.0.3'].flatMap((addr) => dialsTo(addr, [80, 443], ['9.9.9.9'])),
  ...['5.0.0.1', '5.0.0.2', '5.0.0.3'].flatMap((addr) =>
    dialsTo(addr, [80, 443], ['172.16.9.1', '172.16.1.1', '9.9.9.9']),
  ),
  ...dialsTo('192.168.0.1', [30000, 30001], ['9.9.9.9']),
];

function dialsTo(addr: string, ports: readonly number[], sources: readonly string[]): readonly Dial[] {
  return ports.flatMap((port) =>
    [6, 17].flatMap((proto) =>
      (['POD', 'NODE', 'OTHER'] as const).flatMap((client) =>
        sources.map((source): Dial => ({ addr: addr as Ip, port, proto, client, source: source as Ip })),
      ),
    ),
  );
}

function verdicts(image: Image): readonly string[] {
  return dials.map((dial) => lookUp(image, dial));
}

/** What dialling gives and which rows there are: all that matters, without ids and places. */
function meaning(image: Image): unknown {
  return {
    verdicts: verdicts(image),
    backends: [...image.services.values()]
      .map((row) => [row.name, row.frontends.length, row.sourceRanges.length, row.members.length])
      .sort(),
    vips: [...image.vips].filter(([vip]) => !drainingVips(image).includes(vip)).sort(),
    config: image.config,
    findings: verify(image),
  };
}

function freshMeaning(state: State): unknown {
  const kernel = createFakeKernel(capacities);
  settle(kernel, observe(kernel), changeBetween(new Map(), state, 0));
  return meaning(observe(kernel));
}

/** Counts that the image keeps must be those that its rows give. */
function recount(image: Image): unknown {
  const { counts, backendRefs, vips } = image;
  return { counts, refs: [...backendRefs], vips: [...vips].sort(), frontends: [...image.frontends.keys()].sort() };
}

const sound = { broken: [], unfinished: [] };

describe('image', () => {
  it('becomes what a fresh start gives, by any way there', () => {
    fc.assert(
      fc.property(fc.array(anyState, { minLength: 1, maxLength: 5 }), (states) => {
        const kernel = createFakeKernel(capacities);
        const image = observe(kernel);
        let before: State = new Map();
        states.forEach((state, index) => {
          const nowMs = index * 600;
          commit(retire(image, nowMs), kernel);
          settle(kernel, image, changeBetween(before, state, nowMs));
          before = state;
        });
        const seen = observe(kernel, image);
        expect(recount(image)).toEqual(recount(seen));
        commit(retire(image, 1e6), kernel);
        expect(meaning(observe(kernel))).toEqual(freshMeaning(before));
      }),
      { numRuns: 30 },
    );
  });

  it('needs no write after it was observed, and keeps its ids', () => {
    fc.assert(
      fc.property(anyState, (servicePorts) => {
        const kernel = createFakeKernel(capacities);
        const image = observe(kernel);
        settle(kernel, image, changeBetween(new Map(), servicePorts, 0));
        const again = observe(kernel);
        expect([...diffAll(again, { servicePorts, node, environment, nowMs: 0 })].flat()).toEqual([]);
        expect([...again.idByKey].sort()).toEqual([...image.idByKey].sort());
      }),
      { numRuns: 30 },
    );
  });

  it('is sound after every write, and each client meets the old verdict or the new one', () => {
    fc.assert(
      fc.property(anyState, anyState, (from, drawn) => {
        // Who may dial and where that leads are two words: together they change in a single step only per word.
        const to = keepingRanges(from, drawn);
        const kernel = createFakeKernel(capacities);
        const image = observe(kernel);
        settle(kernel, image, changeBetween(new Map(), from, 0));
        const old = verdicts(image);
        const owners = dials.map((dial) => findFrontend(image, dial));
        const writes = [...diff(image, changeBetween(from, to, 0))].flat();
        const wanted = verdicts(image);
        // By a frontend that is to go clients meet what its service gives from now on.
        const late = dials.map((dial, index) => {
          const owner = owners[index];
          return owner === undefined ? undefined : decide(image, owner, dial);
        });
        for (const write of writes) {
          commit([write], kernel);
          const seen = observe(kernel);
          expect(verify(seen).broken).toEqual([]);
          const odd = verdicts(seen).flatMap((verdict, index) =>
            [old[index], wanted[index], late[index]].includes(verdict)
              ? []
              : [{ dial: dials[index], verdict, old: old[index], wanted: wanted[index], write }],
          );
          expect(odd).toEqual([]);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is repaired by a start after a crash at any write', () => {
    fc.assert(
      fc.property(anyState, anyState, fc.nat(), (from, to, cut) => {
        const kernel = createFakeKernel(capacities);
        const image = observe(kernel);
        settle(kernel, image, changeBetween(new Map(), from, 0));
        const writes = [...diff(image, changeBetween(from, to, 0))].flat();
        commit(writes, kernel, cut % (writes.length + 1));
        repair(kernel, to);
        expect(meaning(observe(kernel))).toEqual(freshMeaning(to));
      }),
      { numRuns: 30 },
    );
  });

  it('is repaired whatever the maps hold', () => {
    fc.assert(
      fc.property(anyState, anyState, fc.array(anyGarbage, { maxLength: 30 }), (from, to, garbage) => {
        const kernel = createFakeKernel(capacities);
        settle(kernel, observe(kernel), changeBetween(new Map(), from, 0));
        commit(garbage, kernel);
        repair(kernel, to);
        expect(meaning(observe(kernel))).toEqual(freshMeaning(to));
      }),
      { numRuns: 80 },
    );
  });

  it('refuses whole Services when maps are small, and is sound all the same', () => {
    const tight = fc.record({
      services: fc.integer({ min: 1, max: 5 }),
      slots: fc.integer({ min: 0, max: 12 }),
      backends: fc.integer({ min: 1, max: 6 }),
      frontends: fc.integer({ min: 0, max: 8 }),
      vips: fc.integer({ min: 3, max: 8 }),
      members: fc.integer({ min: 0, max: 8 }),
      service_names: fc.integer({ min: 0, max: 4 }),
      source_ranges: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(tight, fc.array(anyState, { minLength: 1, maxLength: 4 }), (room, states) => {
        const kernel = createFakeKernel(room);
        const image = observe(kernel);
        let before: State = new Map();
        states.forEach((state, index) => {
          const nowMs = index * 2 * GRACE_MS;
          commit(retire(image, nowMs), kernel);
          commit(collectVips(image, new Set()), kernel);
          settle(kernel, image, changeBetween(before, state, nowMs));
          before = state;
          const seen = observe(kernel);
          expect(recount(image)).toEqual(recount(observe(kernel, image)));
          expect({ ...verify(seen), unfinished: [] }).toEqual(sound);
          const services = [...state.values()].map(({ service }) => service);
          const refused = [...image.refused.keys()];
          expect(refused.filter((service) => !services.includes(service))).toEqual([]);
          const missing = [...state.values()]
            .filter(({ key }) => !image.idByKey.has(key))
            .map(({ service }) => service);
          expect(missing.filter((service) => !refused.includes(service))).toEqual([]);
        });
      }),
      { numRuns: 80 },
    );
  });
});

function repair(kernel: KernelMaps, servicePorts: State): void {
  const image = observe(kernel);
  for (const writes of diffAll(image, { servicePorts, node, environment, nowMs: 0 })) commit(writes, kernel);
  commit(retire(image, GRACE_MS), kernel);
}

/** Ranges and policy as they were for Services that stay. */
function keepingRanges(from: State, to: State): State {
  return withoutContest(
    Array.from(to, ([key, port]) => {
      const old = from.get(key);
      if (old === undefined) return port;
      const balanced = old.frontends.filter(({ kind }) => kind === 'LoadBalancer');
      const frontends = [...port.frontends.filter(({ kind }) => kind !== 'LoadBalancer'), ...balanced];
      const external = frontends.find(({ kind }) => kind === 'ExternalIP' || kind === 'NodePort');
      const same = frontends.map((frontend) =>
        frontend.kind === 'LoadBalancer' && external !== undefined
          ? { ...frontend, clients: external.clients }
          : frontend,
      );
      return { ...port, frontends: same };
    }),
  );
}

const anyId = fc.oneof(fc.nat(12), fc.constantFrom(63, 64, 70));
const anyBackendRow = fc.record({
  addr: fc.constantFrom('10.1.0.1' as Ip, '10.1.0.77' as Ip),
  port: fc.constantFrom(8080, 1),
  proto: fc.constantFrom(0, 6, 17),
  flags: fc.constantFrom(0, 1),
});
const anyFrontendKey = fc.record({
  addr: fc.constantFrom('10.0.0.1' as Ip, '9.0.0.9' as Ip, '::' as Ip),
  port: fc.constantFrom(80, 30000),
  proto: fc.constantFrom(6, 99),
});
const anyName = fc.constantFrom('ns/a:http/TCP/IPv4', 'ns/b:http/TCP/IPv4', 'ns/gone:http/TCP/IPv4', '');
const anyGarbage: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ kind: fc.constant('store-backend' as const), id: anyId, row: anyBackendRow }),
  fc.record({
    kind: fc.constant('store-slots' as const),
    serviceId: anyId,
    offset: fc.integer({ min: 0, max: 200 }),
    backendIds: fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 10 }),
  }),
  fc.record({
    kind: fc.constant('store-column' as const),
    serviceId: fc.integer({ min: 0, max: 20 }),
    column: fc.integer({ min: 0, max: 5 }),
    value: fc.record({
      verdict: fc.integer({ min: 0, max: 3 }),
      offset: fc.integer({ min: 0, max: 300 }),
      size: fc.integer({ min: 0, max: 20 }),
      flags: fc.integer({ min: 0, max: 7 }),
    }),
  }),
  fc.record({
    kind: fc.constant('store-policy' as const),
    serviceId: fc.integer({ min: 0, max: 20 }),
    value: fc.record({ affinitySec: fc.nat(9), flags: fc.nat(3) }),
  }),
  fc.record({
    kind: fc.constant('put' as const),
    map: fc.constant('vips' as const),
    key: anyVip(),
    value: fc.record({ flags: fc.nat(40) }),
  }),
  fc.record({
    kind: fc.constant('put' as const),
    map: fc.constant('frontends' as const),
    key: anyFrontendKey,
    value: fc.record({ serviceId: anyId, scope: fc.nat(3) }),
  }),
  fc.record({
    kind: fc.constant('put' as const),
    map: fc.constant('members' as const),
    key: fc.record({ serviceId: anyId, backendId: fc.integer({ min: 0, max: 200 }) }),
    value: fc.record({ flags: fc.nat(255) }),
  }),
  fc.record({
    kind: fc.constant('put' as const),
    map: fc.constant('service_names' as const),
    key: anyId,
    value: fc.record({ name: anyName }),
  }),
  fc.record({
    kind: fc.constant('put' as const),
    map: fc.constant('source_ranges' as const),
    key: fc.record({ serviceId: anyId, prefixlen: fc.integer({ min: 0, max: 160 }), addr: anyVip() }),
    value: fc.record({ allow: fc.nat(2) }),
  }),
  fc.record({ kind: fc.constant('delete' as const), map: fc.constant('vips' as const), key: anyVip() }),
  fc.record({ kind: fc.constant('delete' as const), map: fc.constant('frontends' as const), key: anyFrontendKey }),
  fc.record({ kind: fc.constant('delete' as const), map: fc.constant('service_names' as const), key: anyId }),
  fc.record({ kind: fc.constant('drain' as const), vip: anyVip() }),
);

function anyVip(): fc.Arbitrary<Ip> {
  return fc.constantFrom('10.0.0.1' as Ip, '5.0.0.1' as Ip, '192.168.0.1' as Ip, '8.8.8.8' as Ip);
}
