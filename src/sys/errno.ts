import { constants } from 'node:os';
import { SysError } from '../errors.ts';

export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  E2BIG: 7,
  EAGAIN: 11,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  EOPNOTSUPP: 95,
  ENOBUFS: 105,
  /** The kernel's own; C libraries don't know it. */
  ENOTSUPP: 524,
} as const;

/** Where a number has two names (EWOULDBLOCK, ENOTSUP), ours wins. */
const NAMES: ReadonlyMap<number, string> = new Map(
  [...Object.entries(constants.errno), ...Object.entries(Errno)].map(([name, errno]) => [errno, name]),
);

/** "EPERM" of 1. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}

export function sysError(operation: string, target: string, errno: number, cure = cureOf(errno)): SysError {
  const refusal = { operation, target, errno, code: errnoName(errno) };
  return new SysError(cure === undefined ? refusal : { ...refusal, cure });
}

/** Passes a result on, or throws it where it is a -errno. */
export function check(result: number, operation: string, target: string): number {
  if (result < 0) throw sysError(operation, target, -result);
  return result;
}

function cureOf(errno: number): string | undefined {
  if (errno === Errno.EPERM) {
    return 'it takes CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN (CAP_SYS_ADMIN for mounts and before Linux 5.8): run as root';
  }
  return undefined;
}
