/** Where to dial. An IPv4 address mapped into IPv6 ("::ffff:10.0.0.1") makes an IPv6 socket. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** Silence for this long is the outcome `silent`. */
  readonly timeoutMs: number;
  readonly localPort?: number;
  readonly localAddress?: string;
}

/** The errno's name, as the caller of connect() or send() gets it. */
export interface Failed {
  readonly kind: 'failed';
  readonly code: string;
}

export interface Silent {
  readonly kind: 'silent';
}

/** One connection, answered and closed. */
export interface TcpAnswered {
  readonly kind: 'answered';
  /** The name that the server was given. */
  readonly server: string;
  /** The address of the client that the server sees. */
  readonly client: string;
  /** The "ip:port" that getpeername gives the client. */
  readonly peer: string;
}

export interface UdpAnswered {
  readonly kind: 'answered';
  readonly server: string;
  readonly client: string;
  /** The "ip:port" that recvmsg gives the client as the answer's source. */
  readonly from: string;
}

export interface TcpOpened {
  readonly kind: 'open';
  readonly connection: number;
  readonly server: string;
  /** "ip:port" as the server sees it. */
  readonly client: string;
  readonly peer: string;
}

export interface UdpReceived {
  readonly kind: 'received';
  readonly from: string;
  readonly text: string;
}

export interface TrafficOrder {
  /** How a client behaves: a new connection each time, connections that stay, or datagrams from new sockets. */
  readonly kind: 'new-tcp' | 'held-tcp' | 'new-udp';
  readonly target: Target;
  readonly perSecond: number;
}

export interface TrafficReport {
  readonly answered: number;
  /** How many answers came from each server. */
  readonly servers: Readonly<Record<string, number>>;
  /** How many attempts failed, by errno's name or "silent". */
  readonly failures: Readonly<Record<string, number>>;
  readonly slowestMs: number;
}

export interface ServerOrder {
  readonly name: string;
  readonly port: number;
  /** Default: every address of both families. */
  readonly host?: string;
}

type Done = Readonly<Record<string, never>>;

/** What a probe can be asked: argument and result of each operation, both plain JSON. */
export interface Calls {
  readonly 'tcp-connect': readonly [Target, TcpAnswered | Failed | Silent];
  readonly 'tcp-open': readonly [Target, TcpOpened | Failed | Silent];
  /** Sends this many bytes and waits for them to come back. */
  readonly 'tcp-echo': readonly [
    { readonly connection: number; readonly bytes: number; readonly timeoutMs: number },
    { readonly kind: 'echoed' } | Failed | Silent,
  ];
  readonly 'tcp-close': readonly [{ readonly connection: number }, Done];
  readonly 'tcp-serve': readonly [ServerOrder, { readonly server: number }];
  readonly 'udp-exchange': readonly [
    Target & { readonly connected: boolean; readonly bytes?: number },
    UdpAnswered | Failed | Silent,
  ];
  readonly 'udp-open': readonly [
    { readonly family: 4 | 6; readonly localPort?: number; readonly localAddress?: string },
    { readonly socket: number },
  ];
  readonly 'udp-connect': readonly [
    { readonly socket: number; readonly host: string; readonly port: number },
    { readonly kind: 'connected'; readonly peer: string } | Failed,
  ];
  /** Without a host: to where the socket is connected. */
  readonly 'udp-send': readonly [
    { readonly socket: number; readonly text: string; readonly host?: string; readonly port?: number },
    { readonly kind: 'sent' } | Failed,
  ];
  readonly 'udp-receive': readonly [
    { readonly socket: number; readonly timeoutMs: number },
    UdpReceived | Failed | Silent,
  ];
  readonly 'udp-close': readonly [{ readonly socket: number }, Done];
  readonly 'udp-serve': readonly [ServerOrder, { readonly server: number }];
  readonly 'server-close': readonly [{ readonly server: number }, Done];
  readonly 'traffic-start': readonly [TrafficOrder, { readonly traffic: number }];
  readonly 'traffic-stop': readonly [{ readonly traffic: number }, TrafficReport];
}

export type Operation = keyof Calls;
export type Handlers = { readonly [K in Operation]: (argument: Calls[K][0]) => Promise<Calls[K][1]> };

export interface Request {
  readonly id: number;
  readonly operation: Operation;
  readonly argument: unknown;
}

export type Response =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: string };

/** "ip:port" or "[ip]:port"; a mapped IPv4 address is shown as what it is. */
export function endpointText(address: string, port: number): string {
  const plain = plainAddress(address);
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}

export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '');
}

export function failed(error: NodeJS.ErrnoException): Failed {
  return { kind: 'failed', code: error.code ?? error.message };
}

/** The first of an outcome and a time-out. */
export function within<T>(
  timeoutMs: number,
  start: (settle: (outcome: T | Silent) => void) => void,
): Promise<T | Silent> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ kind: 'silent' }), timeoutMs);
    start((outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    });
  });
}
