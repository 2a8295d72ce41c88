import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AttachType } from '../../src/sys/bpf-constants.ts';
import { attachCgroup, attachTcx, openLinkById, openPinnedLink } from '../../src/sys/bpf-link.ts';
import { openObject } from '../../src/sys/bpf-object.ts';
import { Program } from '../../src/sys/bpf-program.ts';
import { effectiveCgroupPrograms, listLinks, tcxPrograms } from '../../src/sys/bpf-query.ts';
import { tryLock } from '../../src/sys/flock.ts';
import { cgroupId } from '../../src/sys/mount.ts';
import { probe } from '../../src/sys/probe.ts';
import { openUdpSocket } from '../../src/sys/socket.ts';
import { attachFilter, detachFilter, queryFilter } from '../../src/sys/tc.ts';
import { code, connectFrom, connectProgram, packetProgram, type Scratch } from './ffi-scratch.ts';
import { makeVeth } from './hooks-scratch.ts';

export function linkContract(scratch: Scratch): void {
  describe('links', () => {
    test('attaches to a cgroup, updates, pins and comes back', () => {
      using object = openObject(join(scratch.directory, 'contract.bpf.o'));
      const connect = object.program('contract_connect');
      const other = object.program('contract_other');
      const path = join(scratch.bpffs, 'link');
      const link = attachCgroup(connect, scratch.cgroup);
      const common = {
        id: link.id,
        kind: 'cgroup',
        cgroupId: cgroupId(scratch.cgroup),
        attachType: AttachType.cgroupInet4Connect,
      };
      expect(link.info()).toEqual({ ...common, programId: connect.id });
      expect(effectiveCgroupPrograms(scratch.cgroup, AttachType.cgroupInet4Connect)).toContain(connect.id);
      link.pin(path);
      link[Symbol.dispose]();
      using again = openPinnedLink(path);
      again?.update(other);
      expect(again?.info()).toEqual({ ...common, programId: other.id });
      connectFrom(scratch.cgroup);
      expect(new BigUint64Array(object.map('contract_seen').mmap())[0]).toBe(42n);
      again?.detach();
      expect(effectiveCgroupPrograms(scratch.cgroup, AttachType.cgroupInet4Connect)).not.toContain(other.id);
      expect(code(() => again?.update(connect))).toBe('ENOLINK');
      rmSync(path);
    });

    test('stands beside others and leaves with its last descriptor', () => {
      using program = Program.load(connectProgram());
      const [one, two] = [attachCgroup(program, scratch.cgroup), attachCgroup(program, scratch.cgroup)];
      expect([...listLinks()].map(({ id }) => id)).toEqual(expect.arrayContaining([one.id, two.id]));
      one[Symbol.dispose]();
      two[Symbol.dispose]();
      expect([openLinkById(one.id), openLinkById(two.id)]).toEqual([undefined, undefined]);
    });

    test('says what a cgroup v1 folder is', () => {
      using program = Program.load(connectProgram());
      expect(() => attachCgroup(program, scratch.directory)).toThrow(
        `Cannot attach "contract" to "${scratch.directory}": EBADF: the folder is not of cgroup v2: name one under a cgroup2 mount`,
      );
    });

    test('orders TCX programs of a device', async () => {
      using veth = makeVeth();
      using first = Program.load(packetProgram(-1));
      using last = Program.load(packetProgram(-1));
      using middle = Program.load(packetProgram(-1));
      using held = await attachTcx(middle, veth.ifindex, 'ingress', 'last');
      using front = await attachTcx(first, veth.ifindex, 'ingress', 'first');
      using back = await attachTcx(last, veth.ifindex, 'ingress', 'last');
      expect(tcxPrograms(veth.ifindex, 'ingress')).toEqual([first.id, middle.id, last.id]);
      expect(tcxPrograms(veth.ifindex, 'egress')).toEqual([]);
      const common = { kind: 'tcx', ifindex: veth.ifindex, attachType: AttachType.tcxIngress };
      expect([front, held, back].map((link) => link.info())).toEqual([
        { ...common, id: front.id, programId: first.id },
        { ...common, id: held.id, programId: middle.id },
        { ...common, id: back.id, programId: last.id },
      ]);
    });

    test('puts a clsact filter at its place, replaces it and takes it off', () => {
      using veth = makeVeth();
      using one = Program.load(packetProgram(-1));
      using two = Program.load(packetProgram(-1));
      const place = { ifindex: veth.ifindex, direction: 'egress', priority: 40_000, handle: 7 } as const;
      const found = [queryFilter(place)];
      attachFilter(one, place);
      found.push(
        queryFilter(place),
        queryFilter({ ...place, direction: 'ingress' }),
        queryFilter({ ...place, handle: 8 }),
      );
      attachFilter(two, place);
      found.push(queryFilter(place));
      detachFilter(place);
      detachFilter(place);
      found.push(queryFilter(place));
      expect(found).toEqual([undefined, one.id, undefined, undefined, two.id, undefined]);
      const gone = { ...place, ifindex: 0x7fff_fff0 };
      detachFilter(gone);
      expect([queryFilter(gone), code(() => attachFilter(one, gone))]).toEqual([undefined, 'ENODEV']);
    });
  });

  test('probes what this kernel has', () => {
    const features = ['sockAddr', 'getpeername', 'setRetval', 'mmapable', 'tcx'] as const;
    const kinds = features.map((feature) => probe(feature).kind);
    expect(kinds).toEqual(features.map(() => 'supported'));
  });

  test('reads the cookies of a socket', () => {
    using one = openUdpSocket();
    using two = openUdpSocket();
    expect(one.cookie).not.toBe(two.cookie);
    expect(one.netnsCookie).toBe(two.netnsCookie);
    one.connect('127.0.0.1', 9);
  });

  test('locks a folder once', () => {
    const [one, two] = [openSync(scratch.directory, 'r'), openSync(scratch.directory, 'r')];
    expect([tryLock(one), tryLock(two)]).toEqual([true, false]);
    closeSync(one);
    expect(tryLock(two)).toBe(true);
    closeSync(two);
  });
}
