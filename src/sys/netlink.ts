import { closeSync, read, writeSync } from 'node:fs';
import process from 'node:process';
import { isDeepStrictEqual } from 'node:util';
import { Errno, sysError } from './errno.ts';
import { libc } from './ffi/library.ts';
import { encodeDump, encodeEcho, MessageType } from './netlink-codec.ts';
import { DATAGRAM_BYTES, openNetlink, readTable } from './netlink-table.ts';
import { type Device, decodeAddress, decodeDevice, decodeRoutes, type Route } from './network.ts';

export type { Device, Route } from './network.ts';

/** The whole picture of this process's network namespace. */
export interface Network {
  readonly devices: ReadonlyMap<number, Device>;
  readonly routes: readonly Route[];
}

/** RTMGRP_LINK, _IPV4_IFADDR, _IPV4_ROUTE, _IPV6_IFADDR, _IPV6_ROUTE */
const EVENT_GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;
const MSG_DONTWAIT = 0x40;

export function dumpNetwork(): Network {
  const fd = openNetlink(0);
  try {
    const addresses = new Map<number, string[]>();
    for (const { ifindex, address } of readTable(fd, encodeDump(MessageType.getAddress), decodeAddress).flat()) {
      addresses.set(ifindex, [...(addresses.get(ifindex) ?? []), address].sort());
    }
    const devices = readTable(fd, encodeDump(MessageType.getLink), decodeDevice).map(
      (device) => [device.ifindex, { ...device, addresses: addresses.get(device.ifindex) ?? [] }] as const,
    );
    return { devices: new Map(devices), routes: readTable(fd, encodeDump(MessageType.getRoute), decodeRoutes).flat() };
  } finally {
    closeSync(fd);
  }
}

/**
 * The network at once, then again whenever an event changed it, until the signal aborts. An event
 * only says that something changed; the tables are then read whole, so lost events cost nothing.
 */
export async function* watchNetwork({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<Network> {
  const fd = openNetlink(EVENT_GROUPS);
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
