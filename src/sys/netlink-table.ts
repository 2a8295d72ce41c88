import { readSync, writeSync } from 'node:fs';
import { check, Errno, sysError } from './errno.ts';
import { libc } from './ffi/library.ts';
import { Struct } from './ffi/struct.ts';
import { decodeMessages, isInterrupted, MessageType, statusOf } from './netlink-codec.ts';

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0x80000;
const NETLINK_ROUTE = 0;
const MAX_ATTEMPTS = 10;

/** The kernel fills at most 32 KiB of it per datagram. */
export const DATAGRAM_BYTES = 65_536;

/** A socket of this process's network namespace; group bits 0: an ordinary one. */
export function openNetlink(groups: number): number {
  const fd = check(libc().socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE), 'open socket', 'netlink');
  const address = new Struct(12).u32(0, AF_NETLINK).u32(8, groups).bytes;
  check(libc().bind(fd, address, address.length), 'bind socket', 'netlink');
  return fd;
}

/** Every row that answers a dump request; asks again where the table changed meanwhile. */
export function readTable<T>(fd: number, request: Uint8Array, decode: (body: Uint8Array) => T): T[] {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const rows = readOnce(fd, request, decode);
    if (rows !== undefined) return rows;
  }
  throw sysError('list network', 'netlink', Errno.EAGAIN, 'it changed all the time');
}

/** undefined: the table changed while it was read. */
function readOnce<T>(fd: number, request: Uint8Array, decode: (body: Uint8Array) => T): T[] | undefined {
  writeSync(fd, request);
  const rows: T[] = [];
  let interrupted = false;
  const buffer = new Uint8Array(DATAGRAM_BYTES);
  for (;;) {
    const length = readSync(fd, buffer);
    for (const message of decodeMessages(buffer.subarray(0, length))) {
      interrupted ||= isInterrupted(message);
      if (message.type === MessageType.done || message.type === MessageType.error) {
        check(statusOf(message), 'list', 'netlink table');
        return interrupted ? undefined : rows;
      }
      rows.push(decode(message.body));
    }
  }
}
