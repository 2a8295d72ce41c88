import { closeSync, constants, openSync } from 'node:fs';
import { AttachType, type Direction } from './bpf-constants.ts';
import { check, Errno } from './errno.ts';
import { Fd } from './fd.ts';
import { libbpf } from './ffi/library.ts';
import { Struct } from './ffi/struct.ts';
import { type LinkInfo, readLinkInfo } from './link-info.ts';
import { type MapInfo, readMapInfo } from './map-info.ts';
import { type ProgramInfo, readProgramInfo } from './program-info.ts';

const MAX_PROGRAMS = 256;
const QUERY_EFFECTIVE = 1;

/** Ids of the programs that run for sockets of a cgroup v2 directory, inherited ones included, in order. */
export function effectiveCgroupPrograms(directory: string, attachType: number): readonly number[] {
  const cgroup = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return query(cgroup, attachType, QUERY_EFFECTIVE, directory);
  } finally {
    closeSync(cgroup);
  }
}

/** Ids of the TCX programs of a device in order; SysError EINVAL: the kernel has no TCX. */
export function tcxPrograms(ifindex: number, direction: Direction): readonly number[] {
  const attachType = direction === 'ingress' ? AttachType.tcxIngress : AttachType.tcxEgress;
  return query(ifindex, attachType, 0, `ifindex ${ifindex} ${direction}`);
}

/** Everything there is in the kernel, ours or not. */
export function listMaps(): Iterable<MapInfo> {
  const { bpf_map_get_next_id, bpf_map_get_fd_by_id } = libbpf();
  return list(bpf_map_get_next_id, bpf_map_get_fd_by_id, readMapInfo);
}

export function listPrograms(): Iterable<ProgramInfo> {
  const { bpf_prog_get_next_id, bpf_prog_get_fd_by_id } = libbpf();
  return list(bpf_prog_get_next_id, bpf_prog_get_fd_by_id, readProgramInfo);
}

export function listLinks(): Iterable<LinkInfo> {
  const { bpf_link_get_next_id, bpf_link_get_fd_by_id } = libbpf();
  return list(bpf_link_get_next_id, bpf_link_get_fd_by_id, readLinkInfo);
}

function query(target: number, attachType: number, flags: number, name: string): readonly number[] {
  const ids = new Struct(4 * MAX_PROGRAMS);
  const count = new Struct(4).u32(0, MAX_PROGRAMS);
  const result = libbpf().bpf_prog_query(target, attachType, flags, undefined, ids.bytes, count.bytes);
  if (result === -Errno.ENOENT) return [];
  check(result, 'list programs of', name);
  return Array.from({ length: count.readU32(0) }, (_, index) => ids.readU32(4 * index));
}

function* list<T>(
  nextId: (start: number, next: Uint8Array) => number,
  openId: (id: number) => number,
  describe: (fd: Fd) => T,
): Generator<T> {
  const next = new Struct(4);
  while (check(skipEnd(nextId(next.readU32(0), next.bytes)), 'list', 'kernel objects') > 0) {
    const result = openId(next.readU32(0));
    // Gone meanwhile.
    if (result === -Errno.ENOENT) continue;
    using fd = new Fd(check(result, 'open', `id ${next.readU32(0)}`));
    yield describe(fd);
  }
}

/** 1: there is one more, 0: that was the last. */
function skipEnd(result: number): number {
  if (result === -Errno.ENOENT) return 0;
  return result < 0 ? result : 1;
}
