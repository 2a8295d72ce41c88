import { MapType } from './bpf-constants.ts';
import { check } from './errno.ts';
import type { Fd } from './fd.ts';
import { libbpf } from './ffi/library.ts';
import { Struct } from './ffi/struct.ts';

/** The shape of a map as the kernel reports it. Sizes in bytes. */
export interface MapInfo {
  readonly id: number;
  readonly name: string;
  /** MapType */
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  /** MapFlag bits */
  readonly flags: number;
}

/** struct bpf_map_info */
export function readMapInfo(fd: Fd): MapInfo {
  const info = readInfo(fd, new Struct(88));
  return {
    type: info.readU32(0),
    id: info.readU32(4),
    keySize: info.readU32(8),
    valueSize: info.readU32(12),
    maxEntries: info.readU32(16),
    flags: info.readU32(20),
    name: info.readText(24, 16),
  };
}

/** Fills a struct bpf_map_info, bpf_prog_info or bpf_link_info. */
export function readInfo(fd: Fd, info: Struct): Struct {
  const length = new Struct(4).u32(0, info.bytes.length);
  check(libbpf().bpf_obj_get_info_by_fd(fd.value, info.bytes, length.bytes), 'describe', fd.kind);
  return info;
}

export function isPerCpu(type: number): boolean {
  return type === MapType.percpuHash || type === MapType.percpuArray || type === MapType.lruPercpuHash;
}
