import { Agent as HttpAgent, get as httpGet } from 'node:http';
import { Agent as HttpsAgent, get as httpsGet } from 'node:https';
import type { Trust } from '../access/access.ts';
import type { Channel, Request } from './channel.ts';

const KEEP_ALIVE = { keepAlive: true, keepAliveMsecs: 10_000 };

/** HTTP/1.1: for servers without HTTP/2, plain http, and through proxies. A connection carries one watch. */
export function http1Channel(server: URL, trust: Trust): Channel {
  const { agent: proxy, ...tls } = trust;
  const isPlain = server.protocol === 'http:';
  const agent = proxy ?? (isPlain ? new HttpAgent(KEEP_ALIVE) : new HttpsAgent({ ...KEEP_ALIVE, ...tls }));
  let isOpen = true;
  return {
    get isOpen() {
      return isOpen;
    },
    get(path, headers): Request {
      const request = (isPlain ? httpGet : httpsGet)(new URL(path, server), { agent, headers, ...tls });
      request.once('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE.keepAliveMsecs));
      request.on('error', () => undefined); // after the answer: whoever reads the body hears of it
      const answered = new Promise<Awaited<Request['answered']>>((resolve, reject) => {
        request.once('response', (body) => resolve({ status: body.statusCode ?? 0, headers: body.headers, body }));
        request.once('error', reject);
      });
      return { answered, cancel: () => request.destroy() };
    },
    close() {
      isOpen = false;
      agent.destroy();
    },
  };
}
