import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A proxy as kubeconfigs name them, on loopback. */
export interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** Whom it was asked for, "address:port" each. */
  readonly targets: readonly string[];
}

export async function startProxy(protocol: 'http' | 'socks5'): Promise<Proxy> {
  const targets: string[] = [];
  const sockets = new Set<Socket>();
  const open = (client: Duplex, target: { readonly host: string; readonly port: number }, granted: Buffer): void => {
    targets.push(`${target.host}:${target.port}`);
    const upstream = connect(target.port, target.host, () => client.write(granted));
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  };
  const server = protocol === 'http' ? httpProxy(open) : socksProxy(open);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // of a TCP server
  return {
    url: `${protocol}://127.0.0.1:${port}`,
    targets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

type Open = (client: Duplex, target: { readonly host: string; readonly port: number }, granted: Buffer) => void;

function httpProxy(open: Open): ReturnType<typeof createHttpServer> {
  return createHttpServer().on('connect', (request, client) => {
    const { hostname, port } = new URL(`http://${request.url ?? ''}`);
    open(client, { host: hostname, port: Number(port) }, Buffer.from('HTTP/1.1 200 OK\r\n\r\n'));
  });
}

/** RFC 1928: no authentication, CONNECT to an IPv4 address. */
function socksProxy(open: Open): ReturnType<typeof createTcpServer> {
  return createTcpServer((client) => {
    client.once('data', () => {
      client.write(Buffer.of(5, 0));
      client.once('data', (request) => {
        const host = request.subarray(4, 8).join('.');
        open(client, { host, port: request.readUInt16BE(8) }, Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
      });
    });
  });
}
