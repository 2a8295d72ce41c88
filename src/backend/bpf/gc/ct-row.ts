/**
 * Fields of conntrack rows at their offsets. The collector reads every row each time, and the codecs
 * would make text of four addresses per row; a test holds the offsets equal to the codecs'.
 */

/** Bytes of a struct ct_key and a struct ct. */
export const CT_KEY_SIZE = 40;
export const CT_SIZE = 72;

const TUPLE = { saddr: 0, daddr: 16, sport: 32, dport: 34, size: 36 } as const;
const KEY = { tuple: 0, proto: 36, hook: 37 } as const;
const ROW = { lastSeenNs: 0, tuple: 16, flags: 60, tcp: 61 } as const;

/** One row; the bytes are read where they are and not copied. */
export interface CtRow {
  readonly proto: number;
  /** Hook: 0 from the pod, 1 to the pod. */
  readonly hook: number;
  /** CLOCK_MONOTONIC; exact to 2^53 ns, so 104 days of uptime, and to a microsecond far beyond. */
  readonly lastSeenNs: number;
  /** CtFlag bits */
  readonly flags: number;
  /** CtTcp bits */
  readonly tcp: number;
}

export function readCtRow(key: DataView, value: DataView): CtRow {
  return {
    proto: key.getUint8(KEY.proto),
    hook: key.getUint8(KEY.hook),
    lastSeenNs: value.getUint32(ROW.lastSeenNs, true) + value.getUint32(ROW.lastSeenNs + 4, true) * 2 ** 32,
    flags: value.getUint8(ROW.flags),
    tcp: value.getUint8(ROW.tcp),
  };
}

/** Key of the row of the other direction: the tuple that this row makes, turned around, at the other hook. */
export function peerKey(key: Uint8Array, value: Uint8Array): Uint8Array {
  const peer = new Uint8Array(CT_KEY_SIZE);
  const made = value.subarray(ROW.tuple, ROW.tuple + TUPLE.size);
  peer.set(made.subarray(TUPLE.daddr, TUPLE.sport), KEY.tuple + TUPLE.saddr);
  peer.set(made.subarray(TUPLE.saddr, TUPLE.daddr), KEY.tuple + TUPLE.daddr);
  peer.set(made.subarray(TUPLE.dport, TUPLE.size), KEY.tuple + TUPLE.sport);
  peer.set(made.subarray(TUPLE.sport, TUPLE.dport), KEY.tuple + TUPLE.dport);
  peer[KEY.proto] = key[KEY.proto] ?? 0;
  peer[KEY.hook] = key[KEY.hook] === 0 ? 1 : 0;
  return peer;
}

/** The address that the packet of this row is sent to, as 16 bytes. */
export function destinationOf(key: Uint8Array): Uint8Array {
  return key.subarray(KEY.tuple + TUPLE.daddr, KEY.tuple + TUPLE.sport);
}
