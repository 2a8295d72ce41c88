import { SysError } from '../errors.ts';
import { check, Errno, errnoName, sysError } from './errno.ts';
import { Fd } from './fd.ts';
import { libbpf } from './ffi/library.ts';

export type PinKind = 'bpf-map' | 'bpf-prog' | 'bpf-link';

/** undefined: nothing is pinned at `path`. Another kind of object than wanted is an error. */
export function openPin(path: string, kind: PinKind): Fd | undefined {
  const result = libbpf().bpf_obj_get(path);
  if (result === -Errno.ENOENT) return undefined;
  const fd = new Fd(check(result, 'open pin', path));
  if (fd.kind === kind) return fd;
  const found = fd.kind;
  fd[Symbol.dispose]();
  throw sysError('open pin', path, Errno.EINVAL, `it is a ${found}, wanted is a ${kind}`);
}

/** Pins by an open descriptor; the folder must exist on a bpffs. */
export function pinTo(fd: number, path: string): void {
  const result = libbpf().bpf_obj_pin(fd, path);
  if (result >= 0) return;
  const refusal = { operation: 'pin to', target: path, errno: -result, code: errnoName(-result) };
  const cure = CURES[errnoName(-result)];
  throw new SysError(cure === undefined ? refusal : { ...refusal, cure });
}

const CURES: Readonly<Record<string, string>> = {
  EPERM: 'pins live on a bpffs and take CAP_BPF: mount one (mount -t bpf bpf DIR) and run as root',
  EINVAL: 'pins live on a bpffs: mount one (mount -t bpf bpf DIR)',
  EEXIST: 'something is pinned there',
  ENOENT: 'the folder is missing',
};
