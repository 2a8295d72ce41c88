import type { Pointer } from './driver.ts';
import { driver, libc } from './library.ts';

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FIXED = 0x10;
const MAP_PRIVATE_FIXED_ANONYMOUS = 0x02 | MAP_FIXED | 0x20;

/** Memory of a file shared with the kernel. */
export interface Mapping {
  readonly buffer: ArrayBuffer;
  /** Lets go of the file; the buffer stays readable and writable but leads nowhere. */
  release(): void;
  /** Undoes release: the same buffer leads to the file again. 0 or -errno. */
  renew(fd: number): number;
}

/** number: -errno. */
export function mapShared(fd: number, length: number): Mapping | number {
  const pointer = libc().mmap(undefined, length, PROT_READ_WRITE, MAP_SHARED, fd, 0);
  if (typeof pointer === 'number') return pointer;
  return {
    buffer: driver().view(pointer, length),
    // V8 can't detach foreign memory, and a view left behind on unmapped pages would end the process.
    release: () => {
      libc().mmap(pointer, length, PROT_READ_WRITE, MAP_PRIVATE_FIXED_ANONYMOUS, -1, 0);
    },
    renew: (again) => {
      const place = libc().mmap(pointer, length, PROT_READ_WRITE, MAP_SHARED | MAP_FIXED, again, 0);
      return typeof place === 'number' ? place : 0;
    },
  };
}

export function readMemory(pointer: Pointer, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  if (length > 0) libc().memcpy(bytes, pointer, length);
  return bytes;
}

/** Writes `bytes` at `offset` behind the pointer. */
export function writeMemory(pointer: Pointer, offset: number, bytes: Uint8Array): void {
  libc().memcpy((pointer + BigInt(offset)) as Pointer, bytes, bytes.length);
}

export function readString(pointer: Pointer | undefined): string {
  if (pointer === undefined) return '';
  return new TextDecoder().decode(readMemory(pointer, libc().strlen(pointer)));
}
