import type { Fd } from './fd.ts';
import { Struct } from './ffi/struct.ts';
import { readInfo } from './map-info.ts';

interface AnyLink {
  readonly id: number;
  readonly programId: number;
}

/** A cgroup link whose cgroup is gone has cgroupId 0n, a TCX link whose device is gone ifindex 0. */
export type LinkInfo =
  | (AnyLink & { readonly kind: 'cgroup'; readonly cgroupId: bigint; readonly attachType: number })
  | (AnyLink & { readonly kind: 'tcx'; readonly ifindex: number; readonly attachType: number })
  | (AnyLink & { readonly kind: 'other'; readonly type: number });

const LINK_TYPE_CGROUP = 3;
const LINK_TYPE_TCX = 11;

/** struct bpf_link_info */
export function readLinkInfo(fd: Fd): LinkInfo {
  const info = readInfo(fd, new Struct(64));
  const type = info.readU32(0);
  const link = { id: info.readU32(4), programId: info.readU32(8) };
  if (type === LINK_TYPE_CGROUP) {
    return { ...link, kind: 'cgroup', cgroupId: info.readU64(16), attachType: info.readU32(24) };
  }
  if (type === LINK_TYPE_TCX) {
    return { ...link, kind: 'tcx', ifindex: info.readU32(16), attachType: info.readU32(20) };
  }
  return { ...link, kind: 'other', type };
}
