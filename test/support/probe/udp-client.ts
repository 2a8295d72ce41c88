import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  type Calls,
  endpointText,
  type Failed,
  failed,
  type Silent,
  type Target,
  type UdpAnswered,
  type UdpReceived,
  within,
} from './protocol.ts';
import type { Greeting } from './servers.ts';
import { Table } from './table.ts';

/** A socket and what arrived on it that nobody has asked for yet. */
interface Mailbox {
  readonly socket: Socket;
  readonly arrived: (UdpReceived | Failed)[];
  waiting: ((outcome: UdpReceived | Failed) => void) | undefined;
}

const mailboxes = new Table<Mailbox>();

export async function exchangeUdp(
  target: Target & { connected: boolean; bytes?: number },
): Promise<UdpAnswered | Failed | Silent> {
  const mailbox = await open(target);
  const text = 'x'.repeat(target.bytes ?? 1);
  try {
    if (target.connected) {
      const connected = await connectTo(mailbox, target);
      if (connected.kind === 'failed') return connected;
    }
    const sent = await send(mailbox, text, target.connected ? undefined : target);
    if (sent.kind === 'failed') return sent;
    const received = await receive(mailbox, target.timeoutMs);
    if (received.kind !== 'received') return received;
    const { server, client } = JSON.parse(received.text) as Greeting;
    return {
      kind: 'answered',
      server,
      client: client.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''),
      from: received.from,
    };
  } finally {
    mailbox.socket.close();
  }
}

export async function openUdp(order: Calls['udp-open'][0]): Promise<number> {
  return mailboxes.add(await open({ ...order, host: order.family === 6 ? '::' : '0.0.0.0' }));
}

export function connectUdp(order: Calls['udp-connect'][0]): Promise<{ kind: 'connected'; peer: string } | Failed> {
  return connectTo(mailboxes.get(order.socket), order);
}

export function sendUdp(order: Calls['udp-send'][0]): Promise<{ kind: 'sent' } | Failed> {
  const { host, port } = order;
  return send(
    mailboxes.get(order.socket),
    order.text,
    host === undefined || port === undefined ? undefined : { host, port },
  );
}

export function receiveUdp(order: Calls['udp-receive'][0]): Promise<UdpReceived | Failed | Silent> {
  return receive(mailboxes.get(order.socket), order.timeoutMs);
}

export function closeUdp(socket: number): void {
  mailboxes.take(socket).socket.close();
}

async function open(target: { host: string; localPort?: number; localAddress?: string }): Promise<Mailbox> {
  const socket = createSocket({ type: target.host.includes(':') ? 'udp6' : 'udp4' });
  const mailbox: Mailbox = { socket, arrived: [], waiting: undefined };
  const deliver = (outcome: UdpReceived | Failed) => {
    if (mailbox.waiting === undefined) mailbox.arrived.push(outcome);
    else mailbox.waiting(outcome);
  };
  socket.on('message', (message: Buffer, from: RemoteInfo) =>
    deliver({ kind: 'received', from: endpointText(from.address, from.port), text: message.toString() }),
  );
  socket.on('error', (error) => deliver(failed(error)));
  const listening = once(socket, 'listening');
  socket.bind({
    port: target.localPort ?? 0,
    ...(target.localAddress === undefined ? {} : { address: target.localAddress }),
  });
  await listening;
  return mailbox;
}

function connectTo(
  mailbox: Mailbox,
  to: { host: string; port: number },
): Promise<{ kind: 'connected'; peer: string } | Failed> {
  return new Promise((resolve) => {
    // The callback gets the error, though its type has no argument.
    const done = (error?: Error) => {
      if (error) return resolve(failed(error));
      const peer = mailbox.socket.remoteAddress();
      resolve({ kind: 'connected', peer: endpointText(peer.address, peer.port) });
    };
    mailbox.socket.connect(to.port, to.host, done as () => void);
  });
}

function send(
  mailbox: Mailbox,
  text: string,
  to: { host: string; port: number } | undefined,
): Promise<{ kind: 'sent' } | Failed> {
  return new Promise((resolve) => {
    const done = (error: Error | null) => resolve(error === null ? { kind: 'sent' } : failed(error));
    if (to === undefined) mailbox.socket.send(text, done);
    else mailbox.socket.send(text, to.port, to.host, done);
  });
}

async function receive(mailbox: Mailbox, timeoutMs: number): Promise<UdpReceived | Failed | Silent> {
  const early = mailbox.arrived.shift();
  if (early !== undefined) return early;
  const outcome = await within<UdpReceived | Failed>(timeoutMs, (settle) => {
    mailbox.waiting = settle;
  });
  mailbox.waiting = undefined;
  return outcome;
}
