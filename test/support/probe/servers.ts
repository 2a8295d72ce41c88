import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { endpointText, type ServerOrder } from './protocol.ts';

export interface Server {
  close(): void;
}

/** The first line a server sends, and what a UDP server answers. */
export interface Greeting {
  readonly server: string;
  /** "ip:port" of the client as the server sees it. */
  readonly client: string;
}

/** Greets with its name and the client it sees, then echoes. */
export async function serveTcp(order: ServerOrder): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A client may vanish at any time.
    socket.on('error', () => socket.destroy());
    const client = endpointText(socket.remoteAddress ?? '', socket.remotePort ?? 0);
    socket.write(`${JSON.stringify({ server: order.name, client } satisfies Greeting)}\n`);
    socket.pipe(socket);
  });
  server.listen({ port: order.port, host: order.host ?? '::', backlog: 1024 });
  await once(server, 'listening');
  return {
    close: () => {
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
    },
  };
}

export async function serveUdp(order: ServerOrder): Promise<Server> {
  const host = order.host ?? '::';
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
  socket.on('message', (_message, from) => {
    const client = endpointText(from.address, from.port);
    socket.send(JSON.stringify({ server: order.name, client } satisfies Greeting), from.port, from.address);
  });
  // An unreachable client is no concern of the server.
  socket.on('error', () => undefined);
  socket.bind({ port: order.port, address: host });
  await once(socket, 'listening');
  return { close: () => socket.close() };
}
