import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import type { Access, Trust } from '../access/access.ts';
import type { Limits } from '../limits.ts';
import type { Channel } from './channel.ts';
import { http1Channel } from './http1-channel.ts';
import { http2Channel } from './http2-channel.ts';

/** Connects and takes the HTTP that the server offers. Rejects with the system's error, or ConfigError. */
export async function openChannel(access: Access, limits: Limits): Promise<Channel> {
  const { server } = access;
  const trust = await access.trust();
  if (server.protocol === 'http:' || trust.agent !== undefined) return http1Channel(server, trust);
  const socket = await connectTls(server, trust, limits.connectMs);
  if (socket.alpnProtocol === 'h2') return http2Channel(server, socket, limits);
  socket.destroy();
  return http1Channel(server, trust);
}

async function connectTls(server: URL, trust: Trust, deadlineMs: number): Promise<TLSSocket> {
  const { agent: _, ...tls } = trust;
  const socket = connect({
    ...tls,
    host: server.hostname.replace(/^\[|\]$/g, ''),
    port: Number(server.port === '' ? 443 : server.port),
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 10_000);
  const late = setTimeout(() => {
    socket.destroy(new Error(`no TLS connection stands after ${deadlineMs / 1000} s`));
  }, deadlineMs);
  try {
    await once(socket, 'secureConnect');
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(late);
  }
}
