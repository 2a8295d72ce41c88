import type { AttachType, Direction } from './bpf-constants.ts';
import type { LinkInfo } from './bpf-link.ts';
import type { MapInfo } from './bpf-map.ts';
import type { ProgramInfo } from './bpf-program.ts';

/** Ids of the programs that run for sockets of a cgroup v2 directory, inherited ones included, in order. */
export function effectiveCgroupPrograms(_directory: string, _attachType: AttachType): readonly number[] {
  throw new Error('not there yet');
}

/** Ids of the TCX programs of a device in order; SysError EINVAL: the kernel has no TCX. */
export function tcxPrograms(_ifindex: number, _direction: Direction): readonly number[] {
  throw new Error('not there yet');
}

/** Everything there is in the kernel, ours or not. */
export function* listMaps(): Iterable<MapInfo> {
  yield* [];
  throw new Error('not there yet');
}

export function* listPrograms(): Iterable<ProgramInfo> {
  yield* [];
  throw new Error('not there yet');
}

export function* listLinks(): Iterable<LinkInfo> {
  yield* [];
  throw new Error('not there yet');
}
