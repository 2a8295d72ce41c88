import { closeSync, read, readSync, writeSync } from 'node:fs';
import process from 'node:process';
import { isDeepStrictEqual } from 'node:util';
import { check, Errno, sysError } from './errno.ts';
import { libc } from './ffi/library.ts';
import { Struct } from './ffi/struct.ts';
import { decodeMessages, encodeDump, encodeEcho, isInterrupted, MessageType, statusOf } from './netlink-codec.ts';
import { type Device, decodeAddress, decodeDevice, decodeRoutes, type Route } from './network.ts';

export type { Device, Route } from './network.ts';

/** The whole picture of this process's network namespace. */
export interface Network {
  readonly devices: ReadonlyMap<number, Device>;
  readonly routes: readonly Route[];
}

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0x80000;
const NETLINK_ROUTE = 0;
/** RTMGRP_LINK, _IPV4_IFADDR, _IPV4_ROUTE, _IPV6_IFADDR, _IPV6_ROUTE */
const EVENT_GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;
const MSG_DONTWAIT = 0x40;
/** The kernel fills at most 32 KiB of it per datagram. */
const DATAGRAM_BYTES = 65_536;
const MAX_ATTEMPTS = 10;

export function dumpNetwork(): Network {
  const fd = open(0);
  try {
    const addresses = new Map<number, string[]>();
    for (const { ifindex, address } of dump(fd, MessageType.getAddress, decodeAddress).flat()) {
      addresses.set(ifindex, [...(addresses.get(ifindex) ?? []), address].sort());
    }
    const devices = dump(fd, MessageType.getLink, decodeDevice).map(
      (device) => [device.ifindex, { ...device, addresses: addresses.get(device.ifindex) ?? [] }] as const,
    );
    return { devices: new Map(devices), routes: dump(fd, MessageType.getRoute, decodeRoutes).flat() };
  } finally {
    closeSync(fd);
  }
}

/**
 * The network at once, then again whenever an event changed it, until the signal aborts. An event
 * only says that something changed; the tables are then read whole, so lost events cost nothing.
 */
export async function* watchNetwork({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<Network> {
  const fd = open(EVENT_GROUPS);
  // The parked read ends by an answer only; process.exit() would wait for it forever.
  const wake = (): void => {
    writeSync(fd, encodeEcho());
  };
  signal.addEventListener('abort', wake);
  process.on('exit', wake);
  try {
    let last: Network | undefined;
    while (!signal.aborted) {
      const network = dumpNetwork();
      if (!isDeepStrictEqual(network, last)) yield network;
      last = network;
      await nextEvents(fd);
    }
  } finally {
    signal.removeEventListener('abort', wake);
    process.off('exit', wake);
    closeSync(fd);
  }
}

/** Group bits 0: an ordinary socket. */
function open(groups: number): number {
  const fd = check(libc().socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE), 'open socket', 'netlink');
  const address = new Struct(12).u32(0, AF_NETLINK).u32(8, groups).bytes;
  check(libc().bind(fd, address, address.length), 'bind socket', 'netlink');
  return fd;
}

function dump<T>(fd: number, type: number, decode: (body: Uint8Array) => T): T[] {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const rows = dumpOnce(fd, type, decode);
    if (rows !== undefined) return rows;
  }
  throw sysError('list network', `request ${type}`, Errno.EAGAIN, 'it changed all the time');
}

/** undefined: the table changed while it was read. */
function dumpOnce<T>(fd: number, type: number, decode: (body: Uint8Array) => T): T[] | undefined {
  writeSync(fd, encodeDump(type));
  const rows: T[] = [];
  let interrupted = false;
  const buffer = new Uint8Array(DATAGRAM_BYTES);
  for (;;) {
    const length = readSync(fd, buffer);
    for (const message of decodeMessages(buffer.subarray(0, length))) {
      interrupted ||= isInterrupted(message);
      if (message.type === MessageType.done || message.type === MessageType.error) {
        check(statusOf(message), 'list network', `request ${type}`);
        return interrupted ? undefined : rows;
      }
      rows.push(decode(message.body));
    }
  }
}

/** Parks one thread of libuv's pool until there is an event, then takes all that wait. */
async function nextEvents(fd: number): Promise<void> {
  const buffer = new Uint8Array(DATAGRAM_BYTES);
  await new Promise<void>((resolve, reject) => {
    read(fd, buffer, 0, buffer.length, null, (error) => {
      if (error === null || error.code === 'ENOBUFS') resolve();
      else reject(sysError('watch', 'netlink', -(error.errno ?? 0)));
    });
  });
  let taken: number;
  do taken = libc().recv(fd, buffer, buffer.length, MSG_DONTWAIT);
  while (taken > 0 || taken === -Errno.ENOBUFS);
}
