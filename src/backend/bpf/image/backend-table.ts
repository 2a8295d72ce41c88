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
/** Bytes that say which backend it is: addr, port, proto. */
const IDENTITY_BYTES = 19;

export function createBackendTable(capacity: number): BackendTable {
  const rows = new Uint8Array(capacity * Backend.size);
  const probe = new Uint8Array(Backend.size);
  let index = new Uint32Array(1024); // open addressing, id 0 marks the end of a chain
  let size = 0;
  let end = 0;

  const isHeld = (id: number): boolean => rows[id * Backend.size + PROTO_AT] !== 0 && id < capacity;
  const home = (bytes: Uint8Array, offset: number): number => hash(bytes, offset) & (index.length - 1);
  const seek = (bytes: Uint8Array, offset: number): number => {
    let place = home(bytes, offset);
    for (;;) {
      const id = index[place] ?? 0;
      if (id === 0 || isSame(rows, id * Backend.size, bytes, offset)) return place;
      place = (place + 1) & (index.length - 1);
    }
  };
  const enter = (id: number): void => {
    const place = seek(rows, id * Backend.size);
    if (index[place] === 0) index[place] = id;
  };
  const grow = (): void => {
    const ids = index.filter((id) => id !== 0);
    index = new Uint32Array(index.length * 2);
    ids.forEach(enter);
  };
  /** Takes an id out of its chain and closes the gap. */
  const leave = (id: number): void => {
    let gap = seek(rows, id * Backend.size);
    if (index[gap] !== id) return;
    const mask = index.length - 1;
    for (let place = (gap + 1) & mask; ; place = (place + 1) & mask) {
      const other = index[place] ?? 0;
      if (other === 0) break;
      const distance = (place - home(rows, other * Backend.size)) & mask;
      if (distance < ((place - gap) & mask)) continue;
      index[gap] = other;
      gap = place;
    }
    index[gap] = 0;
  };
  const load = (id: number, bytes: Uint8Array, offset: number): void => {
    const isNew = !isHeld(id);
    rows.set(bytes.subarray(offset, offset + Backend.size), id * Backend.size);
    if (!isNew) return;
    if (id >= end) end = id + 1;
    size += 1;
    if (size * 2 > index.length) grow();
    enter(id);
  };
  return {
    bytes: rows,
    get size() {
      return size;
    },
    get end() {
      return end;
    },
    find(row) {
      fill(probe, row);
      const id = index[seek(probe, 0)];
      return id === 0 ? undefined : id;
    },
    get: (id) => (isHeld(id) ? Backend.decode(rows, id * Backend.size) : undefined),
    flags: (id) => rows[id * Backend.size + FLAGS_AT] ?? 0,
    has: isHeld,
    set(id, row) {
      fill(probe, row);
      load(id, probe, 0);
    },
    load,
    clear(id) {
      if (!isHeld(id)) return;
      leave(id);
      rows.fill(0, id * Backend.size, (id + 1) * Backend.size);
      size -= 1;
    },
  };
}

function fill(bytes: Uint8Array, { addr, port, proto, flags }: Backend): void {
  ipToBytes(addr, bytes);
  bytes[PORT_AT] = port >> 8;
  bytes[PORT_AT + 1] = port & 0xff;
  bytes[PROTO_AT] = proto;
  bytes[FLAGS_AT] = flags;
}

function isSame(left: Uint8Array, from: number, right: Uint8Array, to: number): boolean {
  for (let at = 0; at < IDENTITY_BYTES; at += 1) if (left[from + at] !== right[to + at]) return false;
  return true;
}

/** FNV-1a */
function hash(bytes: Uint8Array, offset: number): number {
  let value = 0x811c9dc5;
  for (let at = offset; at < offset + IDENTITY_BYTES; at += 1) value = Math.imul(value ^ (bytes[at] ?? 0), 0x01000193);
  return (value ^ (value >>> 15)) >>> 0;
}
