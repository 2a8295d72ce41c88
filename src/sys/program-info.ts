import type { Fd } from './fd.ts';
import { Struct } from './ffi/struct.ts';
import { readInfo } from './map-info.ts';

export interface ProgramInfo {
  readonly id: number;
  /** The kernel keeps 15 characters. */
  readonly name: string;
  /** ProgramType */
  readonly type: number;
  /** 16 hex digits: hash of the instructions. */
  readonly tag: string;
  /** Of the maps it uses, 64 at most. */
  readonly mapIds: readonly number[];
}

const MAX_MAP_IDS = 64;

/** struct bpf_prog_info, as far as Linux 5.10 has it. */
export function readProgramInfo(fd: Fd): ProgramInfo {
  const mapIds = new Struct(4 * MAX_MAP_IDS);
  const info = readInfo(fd, new Struct(80).u32(52, MAX_MAP_IDS).pointer(56, mapIds.bytes));
  const mapCount = Math.min(info.readU32(52), MAX_MAP_IDS);
  return {
    type: info.readU32(0),
    id: info.readU32(4),
    tag: Buffer.from(info.bytes.subarray(8, 16)).toString('hex'),
    name: info.readText(64, 16),
    mapIds: Array.from({ length: mapCount }, (_, index) => mapIds.readU32(4 * index)),
  };
}
