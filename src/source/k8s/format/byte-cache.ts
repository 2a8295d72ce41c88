/** Values read from bytes that many messages repeat: one copy of each, found by its bytes without making anything. */
export interface ByteCache<T> {
  find(bytes: Uint8Array, from: number, to: number): T | undefined;
  /** In place of whatever had its room: hostile input can't make it grow. */
  keep(bytes: Uint8Array, from: number, to: number, value: T): void;
}

const ROOM = 4096; // a power of two
const LONGEST = 64; // bytes

export function createByteCache<T>(): ByteCache<T> {
  const keys = new Array<string>(ROOM).fill('');
  const values = new Array<T | undefined>(ROOM).fill(undefined);
  return {
    find(bytes, from, to) {
      if (to - from > LONGEST) return undefined;
      const slot = slotOf(bytes, from, to);
      return holds(keys[slot] ?? '', bytes, from, to) ? values[slot] : undefined;
    },
    keep(bytes, from, to, value) {
      if (to - from > LONGEST) return;
      const slot = slotOf(bytes, from, to);
      keys[slot] = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
      values[slot] = value;
    },
  };
}

/** FNV-1a */
function slotOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return (hash ^ (hash >>> 15)) & (ROOM - 1);
}

function holds(key: string, bytes: Uint8Array, from: number, to: number): boolean {
  if (key.length !== to - from) return false;
  for (let at = from; at < to; at += 1) if (key.charCodeAt(at - from) !== bytes[at]) return false;
  return true;
}
