import { connect, type Socket } from 'node:net';
import {
  endpointText,
  type Failed,
  failed,
  plainAddress,
  type Silent,
  type Target,
  type TcpAnswered,
  type TcpOpened,
  within,
} from './protocol.ts';
import type { Greeting } from './servers.ts';
import { Table } from './table.ts';

interface Connection {
  readonly socket: Socket;
  readonly greeting: Greeting;
  readonly peer: string;
}

const connections = new Table<Connection>();

export async function connectTcp(target: Target): Promise<TcpAnswered | Failed | Silent> {
  const outcome = await dial(target);
  if (outcome.kind !== 'greeted') return outcome;
  const { socket, greeting, peer } = outcome.connection;
  socket.destroy();
  return { kind: 'answered', server: greeting.server, client: addressOf(greeting.client), peer };
}

export async function openTcp(target: Target): Promise<TcpOpened | Failed | Silent> {
  const outcome = await dial(target);
  if (outcome.kind !== 'greeted') return outcome;
  const { greeting, peer } = outcome.connection;
  return { kind: 'open', connection: connections.add(outcome.connection), ...greeting, peer };
}

export function echoTcp(order: {
  connection: number;
  bytes: number;
  timeoutMs: number;
}): Promise<{ kind: 'echoed' } | Failed | Silent> {
  const { socket } = connections.get(order.connection);
  return within<{ kind: 'echoed' } | Failed>(order.timeoutMs, (settle) => {
    let missing = order.bytes;
    const onData = (chunk: Buffer) => {
      missing -= chunk.length;
      if (missing <= 0) end({ kind: 'echoed' });
    };
    const onError = (error: Error) => end(failed(error));
    const onClose = () => end({ kind: 'failed', code: 'EOF' });
    const end = (outcome: { kind: 'echoed' } | Failed) => {
      socket.off('data', onData).off('error', onError).off('close', onClose);
      settle(outcome);
    };
    if (socket.destroyed) return settle({ kind: 'failed', code: 'EOF' });
    socket.on('data', onData).on('error', onError).on('close', onClose);
    socket.write(Buffer.alloc(order.bytes, 'x'));
  });
}

export function closeTcp(connection: number): void {
  connections.take(connection).socket.destroy();
}

type Dialled = { readonly kind: 'greeted'; readonly connection: Connection } | Failed | Silent;

/** Connects and reads the server's greeting. */
async function dial(target: Target): Promise<Dialled> {
  const { host, port, localPort, localAddress } = target;
  const socket = connect({
    host,
    port,
    noDelay: true,
    ...(localPort === undefined ? {} : { localPort }),
    ...(localAddress === undefined ? {} : { localAddress }),
  });
  const outcome = await within<Dialled>(target.timeoutMs, (settle) => {
    let peer = '';
    let text = '';
    socket.on('connect', () => {
      peer = endpointText(socket.remoteAddress ?? '', socket.remotePort ?? 0);
    });
    socket.on('error', (error) => settle(failed(error)));
    socket.on('close', () => settle({ kind: 'failed', code: 'EOF' }));
    socket.on('data', function greet(chunk: Buffer) {
      text += chunk.toString();
      if (!text.endsWith('\n')) return;
      socket.off('data', greet);
      settle({ kind: 'greeted', connection: { socket, greeting: JSON.parse(text) as Greeting, peer } });
    });
  });
  if (outcome.kind !== 'greeted') socket.destroy();
  return outcome;
}

function addressOf(endpoint: string): string {
  return plainAddress(endpoint.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''));
}
