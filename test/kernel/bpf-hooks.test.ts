import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Device, DeviceRole, maps } from '../../src/abi/generated.ts';
import { configWords } from '../../src/backend/bpf/config-words.ts';
import { probeFeatures } from '../../src/backend/bpf/features.ts';
import { clsactFilters } from '../../src/backend/bpf/hooks/clsact-filters.ts';
import type { DeviceAttacher } from '../../src/backend/bpf/hooks/device-attachment.ts';
import { DeviceHooks } from '../../src/backend/bpf/hooks/device-hooks.ts';
import type { DeviceRole as Role } from '../../src/backend/bpf/hooks/devices.ts';
import { edgeAttacher } from '../../src/backend/bpf/hooks/edge-attacher.ts';
import { learnByProbe, learnNodeNetns } from '../../src/backend/bpf/hooks/node-netns.ts';
import { attachSocketHooks, detachSocketHooks } from '../../src/backend/bpf/hooks/socket-hooks.ts';
import { tcxLinks } from '../../src/backend/bpf/hooks/tcx-links.ts';
import { loadDataplane } from '../../src/backend/bpf/load.ts';
import { makePins, type Pins, removePins } from '../../src/backend/bpf/pins.ts';
import { AbiMismatchError } from '../../src/errors.ts';
import { AttachType, ProgramType } from '../../src/sys/bpf-constants.ts';
import { openPinnedLink } from '../../src/sys/bpf-link.ts';
import type { BpfObject } from '../../src/sys/bpf-object.ts';
import { Program } from '../../src/sys/bpf-program.ts';
import { effectiveCgroupPrograms, tcxPrograms } from '../../src/sys/bpf-query.ts';
import { assemble, exit, moveImmediate } from '../../src/sys/instructions.ts';
import { openUdpSocket } from '../../src/sys/socket.ts';
import { attachFilter, detachFilter, queryFilter } from '../../src/sys/tc.ts';
import { listFilters } from '../../src/sys/tc-filters.ts';
import { makeScratch, makeVeth, type Scratch } from './hooks-scratch.ts';

const POD: Role = { kind: 'pod', bridgeIfindex: 0, peerNetnsId: 7 };
const UPLINK: Role = { kind: 'uplink', header: 'ethernet' };
const { features } = probeFeatures();
const silent = pino({ level: 'silent' });

let scratch: Scratch;
let pins: Pins;

beforeEach(() => {
  scratch = makeScratch();
  pins = makePins(scratch.bpffs);
});

afterEach(() => {
  scratch[Symbol.dispose]();
});

const load = (): Promise<BpfObject> => loadDataplane(pins, { features });

describe('loading', () => {
  test('pins every map of the layout, and a second load stands on the same ones', async () => {
    using first = await load();
    expect(readdirSync(pins.maps).sort()).toEqual(Object.keys(maps).sort());
    using second = await load();
    const apart = [...first.maps].filter(([name, map]) => second.map(name).id !== map.id).map(([name]) => name);
    expect(apart).toEqual(['scratch']);
  });

  test('refuses a pinned map of another size and says what to do', async () => {
    const maxEntries = new Map([['frontends', 100]]);
    using small = await loadDataplane(pins, { features, maxEntries });
    expect(small.map('frontends').maxEntries).toBe(100);
    await expect(load()).rejects.toThrow(AbiMismatchError);
    await expect(load()).rejects.toThrow(`Cannot use "${join(pins.maps, 'frontends')}"`);
    await expect(load()).rejects.toThrow(`run "bpfsvc cleanup --bpffs ${scratch.bpffs}"`);
  });

  test('refuses to stand beside another generation', () => {
    mkdirSync(join(scratch.bpffs, 'v0123456789ab'));
    expect(() => makePins(scratch.bpffs)).toThrow(AbiMismatchError);
  });
});

describe('socket hooks', () => {
  const running = (): readonly number[] => effectiveCgroupPrograms(scratch.cgroup, AttachType.cgroupInet4Connect);

  test('stay attached when the agent goes, and are replaced in place by the next one', async () => {
    using first = await load();
    expect(attachSocketHooks({ object: first, pins, cgroup: scratch.cgroup })).toBe(8);
    expect(running()).toContain(first.program('connect4').id);
    const link = linkId('connect4');
    using second = await load();
    expect(attachSocketHooks({ object: second, pins, cgroup: scratch.cgroup })).toBe(8);
    expect(running()).toContain(second.program('connect4').id);
    expect(running()).not.toContain(first.program('connect4').id);
    expect(linkId('connect4')).toBe(link);
    expect(attachSocketHooks({ object: second, pins, cgroup: scratch.cgroup })).toBe(0);
  });

  test('come back when somebody removed the pin or detached the link', async () => {
    using object = await load();
    const hooks = { object, pins, cgroup: scratch.cgroup };
    attachSocketHooks(hooks);
    rmSync(join(pins.links, 'connect4'));
    using link = openPinnedLink(join(pins.links, 'connect6'));
    link?.detach();
    expect(attachSocketHooks(hooks)).toBe(2);
    expect(attachSocketHooks(hooks)).toBe(0);
  });

  test('follow to another cgroup, and go when switched off', async () => {
    using object = await load();
    const child = join(scratch.cgroup, 'child');
    mkdirSync(child);
    attachSocketHooks({ object, pins, cgroup: child });
    expect(attachSocketHooks({ object, pins, cgroup: scratch.cgroup })).toBe(8);
    rmdirSync(child);
    expect(running()).toContain(object.program('connect4').id);
    expect(detachSocketHooks(pins)).toBe(8);
    expect(running()).not.toContain(object.program('connect4').id);
    expect(readdirSync(pins.links)).toEqual([]);
  });

  test('outlive the cgroup they were at', async () => {
    using object = await load();
    const child = join(scratch.cgroup, 'child');
    mkdirSync(child);
    attachSocketHooks({ object, pins, cgroup: child });
    rmdirSync(child);
    mkdirSync(child);
    expect(attachSocketHooks({ object, pins, cgroup: child })).toBe(8);
    expect(effectiveCgroupPrograms(child, AttachType.cgroupInet4Connect)).toContain(object.program('connect4').id);
    detachSocketHooks(pins);
    rmdirSync(child);
  });

  test.each([
    ['as the socket tells it', learnNodeNetns],
    ['by a connect() that a program sees', learnByProbe],
  ])('learn the network namespace of the node %s', async (_, learn) => {
    using object = await load();
    attachSocketHooks({ object, pins, cgroup: scratch.cgroup });
    using socket = openUdpSocket();
    const words = configWords(object.map('config'));
    expect(learn(words, scratch.cgroup)).toBe(true);
    expect(words.nodeNetnsCookie).not.toBe(0n);
    expect(words.nodeNetnsCookie).toBe(socket.netnsCookie ?? words.nodeNetnsCookie);
    expect(words.probeCookie).toBe(0n);
    detachSocketHooks(pins);
  });

  function linkId(program: string): number | undefined {
    using link = openPinnedLink(join(pins.links, program));
    return link?.id;
  }
});

const ATTACHERS: readonly (readonly [string, boolean, (object: BpfObject) => DeviceAttacher, string])[] = [
  ['TCX links', features.tcx, (object) => tcxLinks(object, pins), 'tcx'],
  ['clsact filters', true, (object) => clsactFilters(object), 'clsact'],
];

describe.each(ATTACHERS.filter(([, supported]) => supported))(
  'device hooks by %s',
  (_, _supported, attacherOf, kind) => {
    /** Names of the programs at a device, in order. */
    const programsAt = (ifindex: number, direction: 'ingress' | 'egress'): readonly string[] =>
      kind === 'tcx' ? tcxPrograms(ifindex, direction).map(nameOf) : filtersAt(ifindex, direction);

    test('come with a role, change with it and go with it', async () => {
      using object = await load();
      using veth = makeVeth();
      const rows = object.map('devices');
      const hooks = new DeviceHooks(attacherOf(object), rows, silent);
      const key = new Uint8Array(Uint32Array.of(veth.ifindex).buffer);

      expect(await hooks.apply(new Map([[veth.ifindex, POD]]))).toBe(1);
      expect([programsAt(veth.ifindex, 'ingress'), programsAt(veth.ifindex, 'egress')]).toEqual([
        ['pod_in'],
        ['pod_out'],
      ]);
      expect(Device.decode(rows.lookup(key) ?? new Uint8Array())).toEqual({
        role: DeviceRole.POD,
        bridgeIfindex: 0,
        peerNsid: 7,
      });
      expect(await hooks.apply(new Map([[veth.ifindex, POD]]))).toBe(0);

      expect(await hooks.apply(new Map([[veth.ifindex, UPLINK]]))).toBe(1);
      expect([programsAt(veth.ifindex, 'ingress'), programsAt(veth.ifindex, 'egress')]).toEqual([
        ['uplink_in'],
        ['uplink_out'],
      ]);
      expect(Device.decode(rows.lookup(key) ?? new Uint8Array()).role).toBe(DeviceRole.UPLINK);

      expect(await hooks.apply(new Map())).toBe(1);
      expect([programsAt(veth.ifindex, 'ingress'), programsAt(veth.ifindex, 'egress')]).toEqual([[], []]);
      expect(rows.lookup(key)).toBeUndefined();
      expect(readdirSync(pins.links)).toEqual([]);
    });

    test('are taken over by the next run, also the ones it no longer wants', async () => {
      using kept = makeVeth();
      using first = await load();
      await new DeviceHooks(attacherOf(first), first.map('devices'), silent).apply(new Map([[kept.ifindex, POD]]));
      using second = await load();
      const hooks = new DeviceHooks(attacherOf(second), second.map('devices'), silent);
      expect(await hooks.apply(new Map([[kept.ifindex, POD]]))).toBe(1);
      expect(programsAt(kept.ifindex, 'ingress')).toEqual(['pod_in']);
      expect(
        attacherOf(second).isAttached(kept.ifindex, { program: 'pod_in', direction: 'ingress', place: 'first' }),
      ).toBe(true);
      using third = await load();
      expect(await new DeviceHooks(attacherOf(third), third.map('devices'), silent).apply(new Map())).toBe(1);
      expect(programsAt(kept.ifindex, 'ingress')).toEqual([]);
    });

    test('are repaired when somebody takes them away', async () => {
      using object = await load();
      using veth = makeVeth();
      const roles = new Map([[veth.ifindex, POD]]);
      const attacher = attacherOf(object);
      const hooks = new DeviceHooks(attacher, object.map('devices'), silent);
      await hooks.apply(roles);
      expect(await hooks.verify(roles)).toBe(0);
      attacher.detach(veth.ifindex, { program: 'pod_in', direction: 'ingress', place: 'first' });
      expect(await hooks.verify(roles)).toBe(1);
      expect(programsAt(veth.ifindex, 'ingress')).toEqual(['pod_in']);
      object.map('devices').delete(new Uint8Array(Uint32Array.of(veth.ifindex).buffer));
      expect(await hooks.verify(roles)).toBe(1);
      await hooks.apply(new Map());
    });

    test('a device that is gone leaves neither row nor pin', async () => {
      using object = await load();
      const hooks = new DeviceHooks(attacherOf(object), object.map('devices'), silent);
      let gone: number;
      {
        using veth = makeVeth();
        gone = veth.ifindex;
        await hooks.apply(new Map([[gone, POD]]));
      }
      expect(await hooks.verify(new Map([[gone, POD]]))).toBe(0);
      await hooks.apply(new Map());
      expect(object.map('devices').lookup(new Uint8Array(Uint32Array.of(gone).buffer))).toBeUndefined();
      expect(readdirSync(pins.links)).toEqual([]);
    });
  },
);

describe('clsact filters', () => {
  test("never take another tool's place", async () => {
    using object = await load();
    using veth = makeVeth();
    using foreign = Program.load({
      name: 'foreign',
      type: ProgramType.schedCls,
      expectedAttachType: 0,
      instructions: assemble(moveImmediate(0, 0), exit),
    });
    const theirs = { ifindex: veth.ifindex, direction: 'ingress', priority: 2, handle: 0xb5c } as const;
    attachFilter(foreign, theirs);
    execFileSync('tc', [
      'filter',
      'add',
      'dev',
      veth.name,
      'ingress',
      'prio',
      '3',
      'protocol',
      'ip',
      'u32',
      'match',
      'u32',
      '0',
      '0',
    ]);
    const attacher = clsactFilters(object);
    const hook = { program: 'pod_in', direction: 'ingress', place: 'first' } as const;
    await attacher.attach(veth.ifindex, hook);
    expect(attacher.isAttached(veth.ifindex, hook)).toBe(true);
    attacher.detach(veth.ifindex, hook);
    expect(attacher.isAttached(veth.ifindex, hook)).toBe(false);
    expect(queryFilter(theirs)).toBe(foreign.id);
    detachFilter(theirs);
  });
});

test.skipIf(!features.tcx)('others work while the kernel attaches to a device', async () => {
  using object = await load();
  using veth = makeVeth();
  const hooks = new DeviceHooks(tcxLinks(object, pins), object.map('devices'), silent);
  let turns = 0;
  let next: NodeJS.Immediate;
  const work = (): void => {
    turns += 1;
    next = setImmediate(work);
  };
  next = setImmediate(work);
  await hooks.apply(new Map([[veth.ifindex, POD]]));
  clearImmediate(next);
  expect(turns).toBeGreaterThan(0);
  await hooks.apply(new Map());
});

test.skipIf(!features.tcx)('on egress, ours runs after filters of another tool, whoever came first', async () => {
  using object = await load();
  using veth = makeVeth();
  using foreign = Program.load({
    name: 'foreign',
    type: ProgramType.schedCls,
    expectedAttachType: 0,
    instructions: assemble(moveImmediate(0, 0), exit),
  });
  const roles = new Map([[veth.ifindex, POD]]);
  const hooks = new DeviceHooks(edgeAttacher(object, pins, silent), object.map('devices'), silent);
  await hooks.apply(roles);
  const egress = () => [
    tcxPrograms(veth.ifindex, 'egress').map(nameOf),
    listFilters(veth.ifindex, 'egress').map((place) => nameOf(queryFilter(place) ?? 0)),
  ];
  expect(egress()).toEqual([['pod_out'], []]);
  const theirs = { ifindex: veth.ifindex, direction: 'egress', priority: 49152, handle: 1 } as const;
  attachFilter(foreign, theirs);
  expect(await hooks.verify(roles)).toBe(1);
  expect(egress()).toEqual([[], ['foreign', 'pod_out']]);
  expect(tcxPrograms(veth.ifindex, 'ingress').map(nameOf)).toEqual(['pod_in']);
  expect(await hooks.verify(roles)).toBe(0);
  detachFilter(theirs);
  expect(await hooks.verify(roles)).toBe(1);
  expect(egress()).toEqual([['pod_out'], []]);
  await hooks.apply(new Map());
  expect(egress()).toEqual([[], []]);
});

test('pins of a generation can be removed whole', async () => {
  using object = await load();
  attachSocketHooks({ object, pins, cgroup: scratch.cgroup });
  removePins(pins);
  expect(existsSync(join(pins.root, pins.generation))).toBe(false);
});

function nameOf(programId: number): string {
  using program = Program.openById(programId);
  return program?.name ?? '';
}

/** By tc's own words. */
function filtersAt(ifindex: number, direction: 'ingress' | 'egress'): readonly string[] {
  const device = execFileSync('ip', ['-json', 'link'], { encoding: 'utf8' });
  const link = (JSON.parse(device) as { ifindex: number; ifname: string }[]).find((each) => each.ifindex === ifindex);
  const shown = execFileSync('tc', ['filter', 'show', 'dev', link?.ifname ?? '', direction], { encoding: 'utf8' });
  return [...shown.matchAll(/handle 0x\w+ (\w+)/g)].map(([, name]) => name ?? '');
}
