import type { Pointer } from './driver.ts';
import { driver, libc } from './library.ts';

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FIXED = 0x10;
const MAP_PRIVATE_ANONYMOUS = 0x02 | 0x20;
/** What is shared at once: whole pages, of whatever size they are. */
const PIECE_BYTES = 65_536;

/** Memory of a file shared with the kernel, piece by piece as it is asked for. */
export interface Mapping {
  /** Always readable and writable; what is not shared leads nowhere. */
  readonly buffer: ArrayBuffer;
  /** Shares at least the bytes from `from` up to `to`. 0 or -errno. */
  share(fd: number, from: number, to: number): number;
  /** Lets go of the file. */
  release(): void;
}

/** Room for so many bytes, none of them shared yet. number: -errno. */
export function reserveShared(length: number): Mapping | number {
  const pointer = libc().mmap(undefined, length, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
  if (typeof pointer === 'number') return pointer;
  const isShared = new Uint8Array(Math.ceil(length / PIECE_BYTES));
  let sharesAny = false;
  const shareOne = (fd: number, piece: number): number => {
    const start = piece * PIECE_BYTES;
    const place = (pointer + BigInt(start)) as Pointer;
    const bytes = Math.min(PIECE_BYTES, length - start);
    const mapped = libc().mmap(place, bytes, PROT_READ_WRITE, MAP_SHARED | MAP_FIXED, fd, start);
    return typeof mapped === 'number' ? mapped : 0;
  };
  return {
    buffer: driver().view(pointer, length),
    share(fd, from, to) {
      for (let piece = Math.floor(from / PIECE_BYTES); piece * PIECE_BYTES < to; piece += 1) {
        if (isShared[piece] === 1) continue;
        const result = shareOne(fd, piece);
        if (result !== 0) return result;
        isShared[piece] = 1;
        sharesAny = true;
      }
      return 0;
    },
    // V8 can't detach foreign memory, and a view left behind on unmapped pages would end the process.
    release() {
      if (!sharesAny) return;
      libc().mmap(pointer, length, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS | MAP_FIXED, -1, 0);
      isShared.fill(0);
      sharesAny = false;
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
