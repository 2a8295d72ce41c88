import { createServer, type Server } from 'node:http';
import type { Logger } from 'pino';
import type { ListenAddress } from '../listen-address.ts';
import { createWake, type SetTimer } from '../wake.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface EndpointOptions {
  /** What it is for, as the log says it. */
  readonly name: string;
  readonly address: ListenAddress;
  /** undefined: no such path. */
  readonly answer: (path: string) => Answer | undefined;
  readonly log: Logger;
  readonly setTimer: SetTimer;
  readonly signal: AbortSignal;
}

const RETRY_MS = 5000;
const NOT_FOUND: Answer = {
  status: 404,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: '404 page not found\n',
};

/** Answers HTTP until the signal aborts. A port that is taken is told once and tried again: the dataplane goes first. */
export async function serveEndpoint(options: EndpointOptions): Promise<void> {
  const { name, address, log, setTimer, signal } = options;
  const bind = `${address.host}:${address.port}`;
  const wake = createWake(signal, setTimer);
  let failures = 0;
  while (!signal.aborted) {
    try {
      const server = await listen(options);
      if (failures > 0) log.info({ endpoint: name, bind }, 'endpoint answers now');
      await new Promise((resolve) => {
        server.once('close', resolve);
        const close = (): void => {
          server.close();
          server.closeAllConnections();
        };
        if (signal.aborted) close();
        else signal.addEventListener('abort', close, { once: true });
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (failures === 0) log.warn({ endpoint: name, bind, reason }, 'endpoint cannot listen, it will be tried again');
      failures += 1;
      await wake.wait(RETRY_MS);
    }
  }
}

async function listen({ address, answer }: EndpointOptions): Promise<Server> {
  // As Go does: the IPv4 wildcard is that of both families, where there is IPv6.
  if (address.host !== '0.0.0.0') return listenOn(address.host, address.port, answer);
  try {
    return await listenOn('::', address.port, answer);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EAFNOSUPPORT')) throw error;
    return listenOn(address.host, address.port, answer);
  }
}

function listenOn(host: string, port: number, answer: EndpointOptions['answer']): Promise<Server> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const { status, headers, body } = answer(path) ?? NOT_FOUND;
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
    response.end(body);
    request.resume();
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}
