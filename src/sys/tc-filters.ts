import { closeSync } from 'node:fs';
import type { Direction } from './bpf-constants.ts';
import { encodeDump, MessageType, viewOf } from './netlink-codec.ts';
import { openNetlink, readTable } from './netlink-table.ts';
import type { FilterPlace } from './tc.ts';

/** Bytes of a struct tcmsg. */
const TCMSG_SIZE = 20;
/** TC_H_CLSACT with TC_H_MIN_INGRESS or _EGRESS. */
const PARENT = { ingress: 0xfffffff2, egress: 0xfffffff3 } as const;

/** Places of all filters of the clsact qdisc, of whatever classifier and tool; none without that qdisc. */
export function listFilters(ifindex: number, direction: Direction): readonly FilterPlace[] {
  const fd = openNetlink(0);
  try {
    const request = encodeDump(MessageType.getFilter, encodeTcmsg(ifindex, PARENT[direction]));
    const places = readTable(fd, request, decodeTcmsg).map((place) => ({ ...place, direction }));
    // Each priority has an entry of its own, too.
    return places.filter(({ handle }) => handle !== 0);
  } finally {
    closeSync(fd);
  }
}

function encodeTcmsg(ifindex: number, parent: number): Uint8Array {
  const bytes = new Uint8Array(TCMSG_SIZE);
  const view = viewOf(bytes);
  view.setInt32(4, ifindex, true);
  view.setUint32(12, parent, true);
  return bytes;
}

function decodeTcmsg(body: Uint8Array): Omit<FilterPlace, 'direction'> {
  const view = viewOf(body);
  return {
    ifindex: view.getInt32(4, true),
    handle: view.getUint32(8, true),
    priority: view.getUint32(16, true) >>> 16,
  };
}
