import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A request to the fake, and what it may be answered with. */
export interface FakeRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly httpVersion: string;
}

export type FakeResponse = Pick<ServerResponse, 'writeHead' | 'end' | 'on' | 'destroy'> & {
  write(chunk: string | Uint8Array, whenTaken?: (error?: Error | null) => void): boolean;
};

export type Answer = (request: FakeRequest, response: FakeResponse) => void;

/** A server that speaks the API server's protocols and says what a test wants. */
export interface FakeApi extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** PEM of the certificate that it serves with. */
  readonly ca: string;
  readonly requests: readonly FakeRequest[];
  /** TCP connections made so far. */
  readonly connections: number;
  /** Ends every connection. */
  cut(): void;
}

export type Protocol = 'h2' | 'https' | 'http';

export interface FakeApiOptions {
  /** On loopback; default: any. */
  readonly port?: number;
  /** Takes a connection in the server's place where it returns true. */
  readonly seize?: (socket: Socket) => boolean;
}

export async function startFakeApi(protocol: Protocol, answer: Answer, options: FakeApiOptions = {}): Promise<FakeApi> {
  const requests: FakeRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const handle = (
    request: Http2ServerRequest | IncomingMessage,
    response: Http2ServerResponse | ServerResponse,
  ): void => {
    const url = new URL(request.url ?? '/', 'http://fake');
    const fake = {
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      httpVersion: request.httpVersion,
    };
    requests.push(fake);
    response.on('error', () => undefined);
    answer(fake, response as FakeResponse); // both have what FakeResponse names
  };
  const pem = protocol === 'http' ? { key: '', cert: '' } : certificate();
  const server =
    protocol === 'h2'
      ? createSecureServer({ ...pem, allowHTTP1: false }, handle)
      : protocol === 'https'
        ? createHttpsServer(pem, handle)
        : createHttpServer(handle);
  const listener = createTcpServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    if (options.seize?.(socket) !== true) server.emit('connection', socket);
  });
  listener.listen(options.port ?? 0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo; // of a TCP server
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `${protocol === 'http' ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    ca: pem.cert,
    requests,
    get connections() {
      return connections;
    },
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      listener.close();
      await once(listener, 'close');
    },
  };
}

let made: { readonly key: string; readonly cert: string } | undefined;

/** For 127.0.0.1, signed by itself. */
function certificate(): { readonly key: string; readonly cert: string } {
  if (made !== undefined) return made;
  const folder = mkdtempSync(join(tmpdir(), 'bpfsvc-certificate-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const name = ['-subj', '/CN=fake', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:api.example', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...name], { stdio: 'ignore' });
    made = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
    return made;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
