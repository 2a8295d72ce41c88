import { CT_KEY_SIZE, CT_SIZE, type CtRow, destinationOf, peerKey, readCtRow } from './ct-row.ts';

/** Rows back to back, as a map hands them out. */
export interface CtChunk {
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly count: number;
}

/** A key whose row is to go unless it was seen at or after `seenBeforeNs`. */
export interface GcRequest {
  readonly key: Uint8Array;
  readonly seenBeforeNs: number;
}

export interface CtFindings {
  readonly requests: readonly GcRequest[];
  /** A row of a renamed direct connection was met. */
  readonly direct: boolean;
  /** Those of the addresses asked for that a pod's flow still dials; as addressKey makes them. */
  readonly dialled: ReadonlySet<string>;
}

export interface CtQuestion {
  /** CLOCK_MONOTONIC */
  readonly nowNs: number;
  /** Reads one row's value from the kernel; undefined: there is none. */
  readonly lookup: (key: Uint8Array) => Uint8Array | undefined;
  /** By addressKey. */
  readonly addresses: ReadonlySet<string>;
}

/** Seconds without a packet. As nf_conntrack has them; half closed as kube-proxy sets it. */
export const CT_TIMEOUT_SEC = {
  tcpOpening: 60,
  tcpEstablished: 5 * 24 * 3600,
  tcpHalfClosed: 3600,
  tcpClosed: 120,
  tcpReset: 10,
  udp: 120,
  other: 600,
} as const;

const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const HOOK_POD_IN = 0;
const CT_F_DIRECT = 2;
const TCP = { fin: 2, rst: 4, established: 8 } as const;
const NS_PER_SEC = 1e9;

/**
 * Which rows of a chunk are over. Both rows of a flow age together: the younger one counts, and both
 * go. The row that saw the end is the one that asks for its peer, so idle flows cost no look-up.
 */
export function expired(chunk: CtChunk, question: CtQuestion): CtFindings {
  const requests: GcRequest[] = [];
  const dialled = new Set<string>();
  let direct = false;
  for (let index = 0; index < chunk.count; index += 1) {
    const key = chunk.keys.subarray(index * CT_KEY_SIZE, (index + 1) * CT_KEY_SIZE);
    const value = chunk.values.subarray(index * CT_SIZE, (index + 1) * CT_SIZE);
    const row = readCtRow(viewOf(key), viewOf(value));
    if (isOlder(row.lastSeenNs, timeoutSec(row.proto, row.tcp, row.tcp), question.nowNs)) {
      requests.push(...judge(key, value, row, question));
    }
    // Also of rows that are to go: the kernel may find them alive again.
    direct ||= (row.flags & CT_F_DIRECT) !== 0;
    if (question.addresses.size > 0 && row.hook === HOOK_POD_IN) {
      const address = addressKey(destinationOf(key));
      if (question.addresses.has(address)) dialled.add(address);
    }
  }
  return { requests, direct, dialled };
}

/** 16 bytes of an address as text that sets can hold. */
export function addressKey(address: Uint8Array): string {
  return String.fromCharCode(...address);
}

/** Seconds that a flow may be silent, by the TCP flags that its two rows saw. */
export function timeoutSec(proto: number, tcp: number, peerTcp: number): number {
  if (proto === IPPROTO_UDP) return CT_TIMEOUT_SEC.udp;
  if (proto !== IPPROTO_TCP) return CT_TIMEOUT_SEC.other;
  const either = tcp | peerTcp;
  if (either & TCP.rst) return CT_TIMEOUT_SEC.tcpReset;
  if (tcp & peerTcp & TCP.fin) return CT_TIMEOUT_SEC.tcpClosed;
  if (either & TCP.fin) return CT_TIMEOUT_SEC.tcpHalfClosed;
  return either & TCP.established ? CT_TIMEOUT_SEC.tcpEstablished : CT_TIMEOUT_SEC.tcpOpening;
}

function judge(key: Uint8Array, value: Uint8Array, row: CtRow, { nowNs, lookup }: CtQuestion): readonly GcRequest[] {
  const otherKey = peerKey(key, value);
  const otherValue = lookup(otherKey);
  const other = otherValue === undefined ? row : readCtRow(viewOf(otherKey), viewOf(otherValue));
  const seconds = timeoutSec(row.proto, row.tcp, other.tcp);
  if (!isOlder(Math.max(row.lastSeenNs, other.lastSeenNs), seconds, nowNs)) return [];
  const seenBeforeNs = nowNs - seconds * NS_PER_SEC;
  const own: GcRequest = { key, seenBeforeNs };
  return otherValue === undefined ? [own] : [own, { key: otherKey, seenBeforeNs }];
}

function isOlder(lastSeenNs: number, seconds: number, nowNs: number): boolean {
  return nowNs - lastSeenNs > seconds * NS_PER_SEC;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
