import type { AttachType, Direction } from './bpf-constants.ts';
import type { Program } from './bpf-program.ts';

/** `programId` 0: the target is gone and the link holds nothing any more. */
export type LinkInfo =
  | { readonly kind: 'cgroup'; readonly id: number; readonly programId: number; readonly cgroupId: bigint; readonly attachType: number }
  | { readonly kind: 'tcx'; readonly id: number; readonly programId: number; readonly ifindex: number; readonly attachType: number }
  | { readonly kind: 'other'; readonly id: number; readonly programId: number; readonly type: number };

/** Among the other TCX programs of the device. */
export type TcxPlace = 'first' | 'last';

/** Holds a program at its hook. Dispose closes our descriptor: without a pin the program leaves the hook. */
export class Link implements Disposable {
  readonly id: number = 0;

  get fd(): number {
    throw new Error('not there yet');
  }

  /** Read from the kernel at each call. */
  info(): LinkInfo {
    throw new Error('not there yet');
  }

  pin(_path: string): void {
    throw new Error('not there yet');
  }

  /** Replaces the program in place. SysError ENOLINK: the target is gone, attach again. */
  update(_program: Program): void {
    throw new Error('not there yet');
  }

  /** Takes the program off the hook now, whatever pins the link. */
  detach(): void {
    throw new Error('not there yet');
  }

  [Symbol.dispose](): void {
    throw new Error('not there yet');
  }
}

/** Attaches beside other tools' programs; `directory` is of cgroup v2. */
export function attachCgroup(_program: Program, _directory: string, _attachType: AttachType): Link {
  throw new Error('not there yet');
}

export function attachTcx(_program: Program, _ifindex: number, _direction: Direction, _place: TcxPlace): Link {
  throw new Error('not there yet');
}

/** undefined: nothing is pinned at `path`. */
export function openPinnedLink(_path: string): Link | undefined {
  throw new Error('not there yet');
}

export function openLinkById(_id: number): Link | undefined {
  throw new Error('not there yet');
}
