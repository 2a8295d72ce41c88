import { closeSync, constants, openSync } from 'node:fs';
import type { Direction } from './bpf-constants.ts';
import { AttachType } from './bpf-constants.ts';
import type { Program } from './bpf-program.ts';
import { check, Errno, sysError } from './errno.ts';
import { Fd } from './fd.ts';
import { createLinkAside, libbpf } from './ffi/library.ts';
import { Struct } from './ffi/struct.ts';
import { type LinkInfo, readLinkInfo } from './link-info.ts';
import { openPin, pinTo } from './pin.ts';

/** Among the other TCX programs of the device. */
export type TcxPlace = 'first' | 'last';

/** BPF_F_BEFORE, BPF_F_AFTER without a neighbour: the very first, the very last. */
const PLACE_FLAGS = { first: 1 << 3, last: 1 << 4 } as const;

/** Holds a program at its hook. Dispose closes our descriptor: without a pin the program leaves the hook. */
export class Link implements Disposable {
  readonly id: number;
  readonly #fd: Fd;

  /** Takes the descriptor over. */
  constructor(fd: Fd) {
    this.id = readLinkInfo(fd).id;
    this.#fd = fd;
  }

  get fd(): number {
    return this.#fd.value;
  }

  /** Read from the kernel at each call. */
  info(): LinkInfo {
    return readLinkInfo(this.#fd);
  }

  pin(path: string): void {
    pinTo(this.fd, path);
  }

  /** Replaces the program in place. SysError ENOLINK: the target is gone, attach again. */
  update(program: Program): void {
    check(libbpf().bpf_link_update(this.fd, program.fd, undefined), 'update link to', program.name);
  }

  /** Takes the program off the hook now, whatever pins the link. */
  detach(): void {
    check(libbpf().bpf_link_detach(this.fd), 'detach link', String(this.id));
  }

  [Symbol.dispose](): void {
    this.#fd[Symbol.dispose]();
  }
}

/** Attaches beside other tools' programs; `directory` is of cgroup v2. */
export function attachCgroup(program: Program, directory: string): Link {
  const { expectedAttachType } = program;
  if (expectedAttachType === undefined) throw new Error(`Cannot attach "${program.name}": its hook is not known`);
  const cgroup = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const fd = libbpf().bpf_link_create(program.fd, cgroup, expectedAttachType, undefined);
    return new Link(new Fd(attached(fd, program, directory)));
  } finally {
    closeSync(cgroup);
  }
}

/** Rejects with SysError EINVAL where the kernel has no TCX (before Linux 6.6). */
export async function attachTcx(
  program: Program,
  ifindex: number,
  direction: Direction,
  place: TcxPlace,
): Promise<Link> {
  const hook = direction === 'ingress' ? AttachType.tcxIngress : AttachType.tcxEgress;
  const options = Struct.options(16).u32(8, PLACE_FLAGS[place]);
  const fd = await createLinkAside(program.fd, ifindex, hook, options.bytes);
  return new Link(new Fd(attached(fd, program, `ifindex ${ifindex} ${direction}`)));
}

/** undefined: nothing is pinned at `path`. */
export function openPinnedLink(path: string): Link | undefined {
  const fd = openPin(path, 'bpf-link');
  return fd === undefined ? undefined : new Link(fd);
}

/** undefined: no such link (any more). */
export function openLinkById(id: number): Link | undefined {
  const fd = libbpf().bpf_link_get_fd_by_id(id);
  return fd === -Errno.ENOENT ? undefined : new Link(new Fd(check(fd, 'open link', `id ${id}`)));
}

function attached(result: number, program: Program, target: string): number {
  if (result < 0) throw sysError(`attach "${program.name}" to`, target, -result, cureOf(-result));
  return result;
}

function cureOf(errno: number): string | undefined {
  if (errno === Errno.EPERM) {
    return 'it takes CAP_BPF and CAP_NET_ADMIN (run as root), and at a cgroup no other tool may hold the hook for itself (bpftool cgroup tree)';
  }
  return errno === 9 ? 'the folder is not of cgroup v2: name one under a cgroup2 mount' : undefined;
}
