import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a port of this machine that can be cut, closed, slow, or go silent while it stays open. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections made so far. */
  readonly connections: number;
  /** Present connections carry nothing more; new ones do. */
  freeze(): void;
  /** Ends the present connections. */
  cut(): void;
  /** false: ends every connection, new ones at once. */
  open(isOpen: boolean): void;
}

const PIECE_BYTES = 1024;

/** `bytesPerSecond`: of what the port sends; undefined: as fast as it goes. */
export async function startTcpProxy(port: number, bytesPerSecond?: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let isOpen = true;
  const server = createServer((inner) => {
    connections += 1;
    if (!isOpen) {
      inner.destroy();
      return;
    }
    const outer = connect(port, '127.0.0.1');
    inner.pipe(outer);
    if (bytesPerSecond === undefined) outer.pipe(inner);
    else drip(outer, inner, bytesPerSecond);
    for (const [socket, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port, // of a TCP server
    get connections() {
      return connections;
    },
    freeze() {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    cut,
    open(wanted) {
      isOpen = wanted;
      if (!isOpen) cut();
    },
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Passes a piece on, then none until its time is over. */
function drip(from: Socket, to: Socket, bytesPerSecond: number): void {
  from.on('readable', () => {
    const pass = (): void => {
      const piece: unknown = from.read(Math.min(PIECE_BYTES, from.readableLength));
      if (!Buffer.isBuffer(piece)) return;
      to.write(piece);
      if (from.readableLength > 0) setTimeout(pass, (piece.length * 1000) / bytesPerSecond);
    };
    pass();
  });
}
