/** A UDP socket of the kernel's own view, for what node:dgram hides. */
export interface CookieSocket extends Disposable {
  readonly fd: number;
  /** SO_COOKIE */
  readonly cookie: bigint;
  /** SO_NETNS_COOKIE of the namespace it lives in; undefined: kernel before 5.14. */
  readonly netnsCookie: bigint | undefined;
  /** connect(2) to an IPv4 address; runs the cgroup hooks of this process. */
  connect(address: string, port: number): void;
}

export function openUdpSocket(): CookieSocket {
  throw new Error('not there yet');
}
