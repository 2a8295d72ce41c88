/** Values of linux/bpf.h that cross the system call. */
export const MapType = {
  hash: 1,
  array: 2,
  progArray: 3,
  percpuHash: 5,
  percpuArray: 6,
  lruHash: 9,
  lruPercpuHash: 10,
  lpmTrie: 11,
} as const;

export const MapFlag = { noPrealloc: 1, mmapable: 1 << 10 } as const;

export const ProgramType = { schedCls: 3, cgroupSockAddr: 18 } as const;

export const AttachType = {
  cgroupInet4Connect: 10,
  cgroupInet6Connect: 11,
  cgroupUdp4Sendmsg: 14,
  cgroupUdp6Sendmsg: 15,
  cgroupUdp4Recvmsg: 19,
  cgroupUdp6Recvmsg: 20,
  cgroupInet4Getpeername: 29,
  cgroupInet6Getpeername: 30,
  tcxIngress: 46,
  tcxEgress: 47,
} as const;
export type AttachType = (typeof AttachType)[keyof typeof AttachType];

export type Direction = 'ingress' | 'egress';

/** Kernel limit of a map's or a program's name, without the ending zero. */
export const MAX_NAME_LENGTH = 15;
