import { Backend } from '../../../abi/generated.ts';
import { ipToBytes } from '../../../model/ip.ts';

/** Rows of `backends` by id, found by address too. A hundred thousand of them stay small: bytes, not objects. */
export interface BackendTable {
  readonly size: number;
  /** As the kernel's array has them. */
  readonly bytes: Uint8Array;
  /** No row from here on has ever been used. */
  readonly end: number;
  /** The id of (addr, port, proto), whatever its flags. */
  find(row: Backend): number | undefined;
  /** undefined: the row is free. */
  get(id: number): Backend | undefined;
  flags(id: number): number;
  has(id: number): boolean;
  /** Fills a free row, or changes the flags of a used one. */
  set(id: number, row: Backend): void;
  /** As set, from the kernel's bytes at `offset`; a second row of one address is kept, but not found. */
  load(id: number, bytes: Uint8Array, offset: number): void;
  clear(id: number): void;
}

// Places in struct backend; a test holds them equal to the codec's, which is too slow for each look-up.
const PORT_AT = 16;
export const PROTO_AT = 18;
const FLAGS_AT = 19;
const ROW_WORDS = Backend.size / 4;
/** Words that say which backend it is: addr, then port and proto beside flags, which do not. */
const IDENTITY_WORDS = 5;
const LAST_MASK = new Int32Array(Uint8Array.of(0xff, 0xff, 0xff, 0).buffer)[0] ?? 0;

export function createBackendTable(capacity: number): BackendTable {
  const bytes = new Uint8Array((capacity + 1) * Backend.size);
  const words = new Int32Array(bytes.buffer);
  const probe = capacity; // the row behind the last
  let probed: Backend | undefined; // what it holds: set() mostly follows find(), and an address takes long to read
  let index = new Uint32Array(16_384); // open addressing, id 0 marks the end of a chain
  let size = 0;
  let end = 0;

  const isHeld = (id: number): boolean => bytes[id * Backend.size + PROTO_AT] !== 0 && id < capacity;
  const home = (row: number): number => hash(words, row * ROW_WORDS) & (index.length - 1);
  /** Where the id of this row's backend is, or would be. */
  const seek = (row: number): number => {
    let place = home(row);
    for (;;) {
      const id = index[place] ?? 0;
      if (id === 0 || isSame(words, id * ROW_WORDS, row * ROW_WORDS)) return place;
      place = (place + 1) & (index.length - 1);
    }
  };
  const enter = (id: number): void => {
    const place = seek(id);
    if (index[place] === 0) index[place] = id;
  };
  const grow = (): void => {
    const ids = index.filter((id) => id !== 0);
    index = new Uint32Array(index.length * 2);
    ids.forEach(enter);
  };
  /** Takes an id out of its chain and closes the gap. */
  const leave = (id: number): void => {
    let gap = seek(id);
    if (index[gap] !== id) return;
    const mask = index.length - 1;
    for (let place = (gap + 1) & mask; ; place = (place + 1) & mask) {
      const other = index[place] ?? 0;
      if (other === 0) break;
      const distance = (place - home(other)) & mask;
      if (distance < ((place - gap) & mask)) continue;
      index[gap] = other;
      gap = place;
    }
    index[gap] = 0;
  };
  const written = (id: number, isNew: boolean): void => {
    if (!isNew) return;
    if (id >= end) end = id + 1;
    size += 1;
    if (size * 2 > index.length) grow();
    enter(id);
  };
  return {
    bytes: bytes.subarray(0, capacity * Backend.size),
    get size() {
      return size;
    },
    get end() {
      return end;
    },
    find(row) {
      fill(bytes, probe * Backend.size, row);
      probed = row;
      const id = index[seek(probe)];
      return id === 0 ? undefined : id;
    },
    get: (id) => (isHeld(id) ? Backend.decode(bytes, id * Backend.size) : undefined),
    flags: (id) => bytes[id * Backend.size + FLAGS_AT] ?? 0,
    has: isHeld,
    set(id, row) {
      const isNew = !isHeld(id);
      if (row === probed) bytes.copyWithin(id * Backend.size, probe * Backend.size);
      else fill(bytes, id * Backend.size, row);
      written(id, isNew);
    },
    load(id, from, offset) {
      const isNew = !isHeld(id);
      for (let at = 0; at < Backend.size; at += 1) bytes[id * Backend.size + at] = from[offset + at] ?? 0;
      written(id, isNew);
    },
    clear(id) {
      if (!isHeld(id)) return;
      leave(id);
      bytes.fill(0, id * Backend.size, (id + 1) * Backend.size);
      size -= 1;
    },
  };
}

function fill(bytes: Uint8Array, offset: number, { addr, port, proto, flags }: Backend): void {
  ipToBytes(addr, bytes, offset);
  bytes[offset + PORT_AT] = port >> 8;
  bytes[offset + PORT_AT + 1] = port & 0xff;
  bytes[offset + PROTO_AT] = proto;
  bytes[offset + FLAGS_AT] = flags;
  bytes.fill(0, offset + FLAGS_AT + 1, offset + Backend.size);
}

function isSame(words: Int32Array, left: number, right: number): boolean {
  const last = IDENTITY_WORDS - 1;
  for (let at = 0; at < last; at += 1) if (words[left + at] !== words[right + at]) return false;
  return (((words[left + last] ?? 0) ^ (words[right + last] ?? 0)) & LAST_MASK) === 0;
}

function hash(words: Int32Array, from: number): number {
  const last = IDENTITY_WORDS - 1;
  let value = (words[from + last] ?? 0) & LAST_MASK;
  for (let at = from; at < from + last; at += 1) {
    value = Math.imul(value ^ (words[at] ?? 0), 0x9e3779b1);
    value ^= value >>> 15;
  }
  return value >>> 0;
}
