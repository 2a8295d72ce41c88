import { describe, expect, it } from 'vitest';
import {
  buildEndpoint,
  buildFrontend,
  buildNode,
  buildServicePort,
  byKey,
  FORWARD,
  FORWARD_LOCAL,
  keyOf,
  MASQUERADE,
} from '../../../test/support/service-ports.ts';
import { Frontend, FrontendKey } from '../../abi/generated.ts';
import type { Ip } from '../../model/ip.ts';
import type { ServicePort } from '../../plan/state.ts';
import { createFakeKernel, FAKE_CAPACITIES } from '../fake/kernel.ts';
import { commit } from './commit.ts';
import { type Change, diff, diffAll } from './diff.ts';
import { createImage, type Image } from './image.ts';
import { observe } from './observe.ts';
import { collectVips, GRACE_MS, retire } from './retire.ts';
import type { Write } from './write.ts';

const node = buildNode();
const environment = { deviceAddresses: ['127.0.0.1', '192.168.0.1', 'fe80::1', 'fd00::1'] as Ip[] };
const small = { ...FAKE_CAPACITIES, services: 16, slots: 64, backends: 64 };

function change(image: Image, point: Partial<Change>): readonly Write[] {
  const defaults: Change = { updated: new Map(), removed: new Set(), node, environment, nowMs: 0 };
  return [...diff(image, { ...defaults, ...point })].flat();
}

/** An image that has these already. */
function imageOf(...ports: readonly ServicePort[]): Image {
  const image = createImage(small);
  change(image, { updated: byKey(...ports) });
  return image;
}

describe('diff', () => {
  it('writes a new Service from its backends up to its VIP', () => {
    const image = imageOf();
    const frontend = buildFrontend({ clients: { other: MASQUERADE } });
    const updated = byKey(buildServicePort({ frontends: [frontend] }));
    expect(change(image, { updated })).toEqual([
      { kind: 'store-backend', id: 1, row: { addr: '10.1.0.1', port: 8080, proto: 6, flags: 0 } },
      { kind: 'store-slots', serviceId: 1, offset: 0, backendIds: [1] },
      { kind: 'put', map: 'service_names', key: 1, value: { name: 'ns/web:http/TCP/IPv4' } },
      { kind: 'store-column', serviceId: 1, column: 0, value: { verdict: 1, offset: 0, size: 1, flags: 4 } },
      { kind: 'store-column', serviceId: 1, column: 1, value: { verdict: 1, offset: 0, size: 1, flags: 4 } },
      { kind: 'store-column', serviceId: 1, column: 2, value: { verdict: 1, offset: 0, size: 1, flags: 1 } },
      {
        kind: 'put',
        map: 'frontends',
        key: { addr: '10.0.0.1', port: 80, proto: 6 },
        value: { serviceId: 1, scope: 0 },
      },
      { kind: 'put', map: 'vips', key: '10.0.0.1', value: { flags: 1 } },
    ]);
  });

  it('starts with the config row and the addresses of the node', () => {
    expect(change(createImage(small), {})).toEqual([
      {
        kind: 'store-config',
        row: {
          localCidrs: [{ ip: '10.1.0.0', prefixLength: 24 }],
          nodeAddrV4: '192.168.0.1',
          nodeAddrV6: 'fd00::1',
          hasDetector: true,
        },
      },
      { kind: 'put', map: 'vips', key: '192.168.0.1', value: { flags: 4 | 16 } },
      { kind: 'put', map: 'vips', key: 'fe80::1', value: { flags: 4 | 16 } },
      { kind: 'put', map: 'vips', key: 'fd00::1', value: { flags: 4 | 16 } },
      { kind: 'put', map: 'vips', key: '127.0.0.1', value: { flags: 4 | 8 } },
    ]);
  });

  it('writes a set that changed into fresh slots, then turns the columns', () => {
    const image = imageOf(buildServicePort());
    const endpoints = [buildEndpoint(), buildEndpoint({ ip: '10.1.0.2' })];
    const column = { verdict: 1, offset: 1, size: 2, flags: 4 };
    expect(change(image, { updated: byKey(buildServicePort({ cluster: endpoints })) })).toEqual([
      { kind: 'store-backend', id: 2, row: { addr: '10.1.0.2', port: 8080, proto: 6, flags: 0 } },
      { kind: 'store-slots', serviceId: 1, offset: 1, backendIds: [1, 2] },
      { kind: 'store-column', serviceId: 1, column: 0, value: column },
      { kind: 'store-column', serviceId: 1, column: 1, value: column },
      { kind: 'store-column', serviceId: 1, column: 2, value: { ...column, flags: 0 } },
    ]);
  });

  it('takes a Service away from its VIP down, and keeps the VIP for old flows', () => {
    const image = imageOf(buildServicePort({ protocol: 'UDP' }));
    expect(change(image, { removed: new Set([keyOf({ name: 'web', protocol: 'UDP' })]) })).toEqual([
      { kind: 'drain', vip: '10.0.0.1' },
      { kind: 'delete', map: 'frontends', key: { addr: '10.0.0.1', port: 80, proto: 17 } },
      { kind: 'store-column', serviceId: 1, column: 0, value: { verdict: 0, offset: 0, size: 0, flags: 0 } },
      { kind: 'store-column', serviceId: 1, column: 1, value: { verdict: 0, offset: 0, size: 0, flags: 0 } },
      { kind: 'store-column', serviceId: 1, column: 2, value: { verdict: 0, offset: 0, size: 0, flags: 0 } },
      { kind: 'store-policy', serviceId: 1, value: { affinitySec: 0, flags: 0 } },
      { kind: 'delete', map: 'members', key: { serviceId: 1, backendId: 1 } },
      { kind: 'delete', map: 'service_names', key: 1 },
    ]);
    expect(collectVips(image, new Set(['10.0.0.1' as Ip]))).toEqual([]);
    expect(collectVips(image, new Set())).toEqual([{ kind: 'delete', map: 'vips', key: '10.0.0.1' }]);
  });

  it('uses neither ids nor slots again before the grace period is over', () => {
    const image = imageOf(buildServicePort());
    change(image, { removed: new Set([keyOf({ name: 'web' })]), nowMs: 100 });
    expect(retire(image, 99 + GRACE_MS)).toEqual([]);
    expect(retire(image, 100 + GRACE_MS)).toEqual([
      { kind: 'delete', map: 'service_counters', key: 1 },
      { kind: 'delete', map: 'backend_counters', key: 1 },
      { kind: 'store-backend', id: 1, row: { addr: '::', port: 0, proto: 0, flags: 0 } },
    ]);
  });

  it('keeps the id of a backend that comes back within the grace period', () => {
    const image = imageOf(buildServicePort());
    change(image, { removed: new Set([keyOf({ name: 'web' })]) });
    const writes = change(image, { updated: byKey(buildServicePort({ name: 'other' })), nowMs: 500 });
    expect(writes.filter(({ kind }) => kind === 'store-backend')).toEqual([]);
    expect(retire(image, 10 * GRACE_MS)).toEqual([{ kind: 'delete', map: 'service_counters', key: 1 }]);
  });

  it('moves a frontend to another Service by one replacement', () => {
    const image = imageOf(buildServicePort({ name: 'a' }));
    const writes = change(image, {
      updated: byKey(buildServicePort({ name: 'b' })),
      removed: new Set([keyOf({ name: 'a' })]),
    });
    expect(writes.filter((write) => 'map' in write && write.map !== 'service_names')).toEqual([
      {
        kind: 'put',
        map: 'frontends',
        key: { addr: '10.0.0.1', port: 80, proto: 6 },
        value: { serviceId: 2, scope: 0 },
      },
    ]);
  });

  it('gives UDP Services members, and serving endpoints an id', () => {
    const [selected, draining] = [buildEndpoint(), buildEndpoint({ ip: '10.1.0.9' })];
    const image = imageOf();
    const port = buildServicePort({ protocol: 'UDP', cluster: [selected], serving: [selected, draining] });
    const writes = change(image, { updated: byKey(port) });
    expect(writes.filter((write) => 'map' in write && write.map === 'members')).toEqual([
      { kind: 'put', map: 'members', key: { serviceId: 1, backendId: 1 }, value: { flags: 1 | 4 } },
      { kind: 'put', map: 'members', key: { serviceId: 1, backendId: 2 }, value: { flags: 4 } },
    ]);
    expect(writes.filter(({ kind }) => kind === 'store-policy')).toEqual([
      { kind: 'store-policy', serviceId: 1, value: { affinitySec: 0, flags: 1 } },
    ]);
    expect(image.backends.size).toBe(2);
  });

  it('widens a member before the columns change and narrows it after', () => {
    const endpoint = buildEndpoint({ local: true });
    const clients = { pod: FORWARD_LOCAL, node: FORWARD_LOCAL, other: FORWARD_LOCAL };
    const image = imageOf(buildServicePort({ protocol: 'UDP', cluster: [endpoint] }));
    const updated = byKey(
      buildServicePort({
        protocol: 'UDP',
        cluster: [],
        local: [endpoint],
        serving: [endpoint],
        frontends: [buildFrontend({ clients })],
      }),
    );
    const writes = change(image, { updated });
    expect(
      writes.map((write) => ('map' in write ? `${write.kind} ${write.map} ${JSON.stringify(write)}` : write.kind)),
    ).toEqual([
      'store-slots',
      expect.stringContaining('"flags":7'),
      'store-column',
      'store-column',
      'store-column',
      expect.stringContaining('"flags":6'),
    ]);
  });

  it('closes LB VIPs that nobody may dial beside a NodePort that everybody may', () => {
    const drop = { kind: 'drop' } as const;
    const ports = buildServicePort({
      frontends: [
        buildFrontend({ kind: 'LoadBalancer', address: '1.2.3.4', clients: { pod: drop, node: drop, other: drop } }),
        buildFrontend({ kind: 'NodePort', address: undefined, port: 30000 }),
      ],
    });
    const writes = change(imageOf(), { updated: byKey(ports) });
    expect(writes.filter(({ kind }) => kind === 'store-policy')).toEqual([
      { kind: 'store-policy', serviceId: 1, value: { affinitySec: 0, flags: 2 } },
    ]);
  });

  it('deletes a frontend whose key has something in its padding, and leaves the one without', () => {
    const kernel = createFakeKernel(small);
    const port = buildServicePort();
    const whole = { servicePorts: byKey(port), node, environment, nowMs: 0 };
    for (const part of diffAll(observe(kernel), whole)) commit(part, kernel);
    const [present] = [...kernel.frontends.chunks()];
    if (present === undefined) throw new Error('No frontend');
    const stray = present.keys.slice(0, FrontendKey.size);
    stray[FrontendKey.size - 1] = 1;
    kernel.frontends.updateBatch(stray, present.values.slice(0, Frontend.size), 1);
    const image = observe(kernel);
    expect([...diffAll(image, whole)].flat()).toEqual([{ kind: 'delete-stray', key: stray }]);
    commit([{ kind: 'delete-stray', key: stray }], kernel);
    expect([[...kernel.frontends.chunks()], [...diffAll(image, whole)].flat()]).toEqual([[present], []]);
  });

  it('refuses by name a Service that does not fit, and programs it once there is room', () => {
    const endpoints = Array.from({ length: 40 }, (_, index) => buildEndpoint({ ip: `10.1.1.${index + 1}` }));
    const big = (name: string, address: string): ServicePort =>
      buildServicePort({ name, cluster: endpoints, frontends: [buildFrontend({ address })] });
    const image = imageOf(big('first', '10.0.0.1'));
    const tiny = buildServicePort({ name: 'tiny', frontends: [buildFrontend({ address: '10.0.0.3' })] });
    change(image, { updated: byKey(big('second', '10.0.0.2'), tiny) });
    expect(Array.from(image.refused, ([service, { reason }]) => [service, reason])).toEqual([
      [
        'ns/second',
        'Map "slots" is full: 40 more rows side by side are needed, it holds 64 at most and has room for 24: remove Services or endpoints',
      ],
    ]);
    expect([...image.idByKey.keys()]).toEqual([big('first', '').key, tiny.key]);
    change(image, { removed: new Set([big('first', '').key]) });
    retire(image, GRACE_MS);
    change(image, { nowMs: GRACE_MS });
    expect(image.refused).toEqual(new Map());
    expect([...image.idByKey.keys()]).toEqual([tiny.key, big('second', '').key]);
  });

  it('replaces a Service in a full map within one change', () => {
    const image = createImage({ ...small, frontends: 1 });
    change(image, { updated: byKey(buildServicePort({ name: 'a' })) });
    const b = buildServicePort({ name: 'b', frontends: [buildFrontend({ address: '10.0.0.2' })] });
    const writes = change(image, { updated: byKey(b), removed: new Set([keyOf({ name: 'a' })]) });
    expect(writes.filter((write) => 'map' in write && write.map === 'frontends')).toEqual([
      { kind: 'delete', map: 'frontends', key: { addr: '10.0.0.1', port: 80, proto: 6 } },
      {
        kind: 'put',
        map: 'frontends',
        key: { addr: '10.0.0.2', port: 80, proto: 6 },
        value: { serviceId: 2, scope: 0 },
      },
    ]);
    expect(image.refused).toEqual(new Map());
  });

  it('programs none of the ports of a Service that does not fit', () => {
    const image = createImage({ ...small, frontends: 1 });
    const ports = ['TCP', 'UDP'] as const;
    const services = ports.map((protocol) => buildServicePort({ protocol }));
    const writes = change(image, { updated: byKey(...services) });
    expect(writes.filter((write) => 'serviceId' in write)).toEqual([]);
    expect(Array.from(image.refused, ([service, { reason }]) => [service, reason])).toEqual([
      [
        'ns/web',
        'Map "frontends" is full: 2 more rows are needed, it holds 1 at most and has room for 1: remove Services, ports, or addresses of them',
      ],
    ]);
    expect({ backends: image.backends.size, services: image.services.size }).toEqual({ backends: 0, services: 0 });
  });

  it('writes nothing when the kernel holds what is wanted', () => {
    const kernel = createFakeKernel(small);
    const servicePorts = byKey(
      buildServicePort({
        frontends: [buildFrontend(), buildFrontend({ kind: 'NodePort', address: undefined, port: 30000 })],
      }),
      buildServicePort({ protocol: 'UDP', affinitySeconds: 30 }),
    );
    const whole = { servicePorts, node, environment, nowMs: 0 };
    for (const writes of diffAll(observe(kernel), whole)) commit(writes, kernel);
    const again = observe(kernel);
    expect([...diffAll(again, whole)].flat()).toEqual([]);
    expect([...again.idByKey]).toEqual([
      [keyOf({ name: 'web' }), 1],
      [keyOf({ name: 'web', protocol: 'UDP' }), 2],
    ]);
  });

  it('knows a Service whose name was lost by its frontend', () => {
    const kernel = createFakeKernel(small);
    const whole = { servicePorts: byKey(buildServicePort()), node, environment, nowMs: 0 };
    for (const writes of diffAll(observe(kernel), whole)) commit(writes, kernel);
    commit([{ kind: 'delete', map: 'service_names', key: 1 }], kernel);
    expect([...diffAll(observe(kernel), whole)].flat()).toEqual([
      { kind: 'put', map: 'service_names', key: 1, value: { name: 'ns/web:http/TCP/IPv4' } },
    ]);
  });

  it('lets a socket hook rewrite for pods only what needs no source', () => {
    const flagsOf = (point: Partial<ServicePort>): readonly number[] => {
      const writes = change(imageOf(), { updated: byKey(buildServicePort(point)) });
      return writes.flatMap((write) => (write.kind === 'store-column' ? [write.value.flags & 4] : []));
    };
    const local = { local: [buildEndpoint({ local: true })] };
    expect({
      plain: flagsOf({}),
      affinity: flagsOf({ affinitySeconds: 10 }),
      masqueraded: flagsOf({ frontends: [buildFrontend({ clients: { pod: MASQUERADE } })] }),
      otherSet: flagsOf({ ...local, frontends: [buildFrontend({ clients: { pod: FORWARD, other: FORWARD_LOCAL } })] }),
      otherDrops: flagsOf({ frontends: [buildFrontend({ clients: { other: { kind: 'drop' } } })] }),
    }).toEqual({
      plain: [4, 4, 0],
      affinity: [0, 4, 0],
      masqueraded: [0, 4, 0],
      otherSet: [0, 4, 0],
      otherDrops: [0, 4, 0],
    });
  });
});
