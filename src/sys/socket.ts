import { closeSync } from 'node:fs';
import { check, Errno } from './errno.ts';
import { libc } from './ffi/library.ts';
import { Struct } from './ffi/struct.ts';

/** An IPv4 UDP socket of the kernel's own view, for what node:dgram hides. */
export interface CookieSocket extends Disposable {
  /** SO_COOKIE */
  readonly cookie: bigint;
  /** SO_NETNS_COOKIE of the network namespace it lives in; undefined before Linux 5.14. */
  readonly netnsCookie: bigint | undefined;
  /** connect(2) to an IPv4 address; runs the cgroup hooks of this process. */
  connect(address: string, port: number): void;
}

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
const SOL_SOCKET = 1;
const SO_COOKIE = 57;
const SO_NETNS_COOKIE = 71;
const ENOPROTOOPT = 92;

export function openUdpSocket(): CookieSocket {
  const fd = check(libc().socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0), 'open socket', 'udp');
  return {
    cookie: readOption(fd, SO_COOKIE) ?? 0n,
    netnsCookie: readOption(fd, SO_NETNS_COOKIE),
    connect: (address, port) => {
      const name = sockaddr(address, port);
      check(libc().connect(fd, name, name.length), 'connect to', `${address}:${port}`);
    },
    [Symbol.dispose]: () => {
      closeSync(fd);
    },
  };
}

/** undefined: the kernel does not know it. */
function readOption(fd: number, option: number): bigint | undefined {
  const value = new Struct(8);
  const result = libc().getsockopt(fd, SOL_SOCKET, option, value.bytes, new Struct(4).u32(0, 8).bytes);
  if (result === -ENOPROTOOPT || result === -Errno.EOPNOTSUPP) return undefined;
  check(result, 'read socket option', String(option));
  return value.readU64(0);
}

/** struct sockaddr_in */
function sockaddr(address: string, port: number): Uint8Array {
  const bytes = address.split('.').map(Number);
  return Uint8Array.from([AF_INET, 0, port >> 8, port & 0xff, ...bytes, 0, 0, 0, 0, 0, 0, 0, 0]);
}
