// A process inside a network namespace that dials and serves for its parent: JSON lines on stdin and stdout.
import { createInterface } from 'node:readline';
import type { Handlers, Operation, Request, Response } from './protocol.ts';
import { type Server, serveTcp, serveUdp } from './servers.ts';
import { Table } from './table.ts';
import { closeTcp, connectTcp, echoTcp, openTcp } from './tcp-client.ts';
import { startTraffic, type Traffic } from './traffic.ts';
import { closeUdp, connectUdp, exchangeUdp, openUdp, receiveUdp, sendUdp } from './udp-client.ts';

const servers = new Table<Server>();
const traffics = new Table<Traffic>();

const handlers: Handlers = {
  'tcp-connect': connectTcp,
  'tcp-open': openTcp,
  'tcp-echo': echoTcp,
  'tcp-close': async ({ connection }) => {
    closeTcp(connection);
    return {};
  },
  'tcp-serve': async (order) => ({ server: servers.add(await serveTcp(order)) }),
  'udp-exchange': exchangeUdp,
  'udp-open': async (order) => ({ socket: await openUdp(order) }),
  'udp-connect': connectUdp,
  'udp-send': sendUdp,
  'udp-receive': receiveUdp,
  'udp-close': async ({ socket }) => {
    closeUdp(socket);
    return {};
  },
  'udp-serve': async (order) => ({ server: servers.add(await serveUdp(order)) }),
  'server-close': async ({ server }) => {
    servers.take(server).close();
    return {};
  },
  'traffic-start': async (order) => ({ traffic: traffics.add(await startTraffic(order)) }),
  'traffic-stop': async ({ traffic }) => traffics.take(traffic).stop(),
};

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => void answer(JSON.parse(line) as Request));
// The parent's end is ours.
lines.on('close', () => process.exit(0));

async function answer({ id, operation, argument }: Request): Promise<void> {
  try {
    reply({ id, ok: true, value: await invoke(operation, argument) });
  } catch (error) {
    reply({ id, ok: false, error: error instanceof Error ? error.message : String(error) });
  }
}

/** The parent's side is typed by the same table, so the argument is what the operation takes. */
function invoke(operation: Operation, argument: unknown): Promise<unknown> {
  const handler = handlers[operation] as (argument: unknown) => Promise<unknown>;
  return handler(argument);
}

function reply(response: Response): void {
  process.stdout.write(`${JSON.stringify(response)}\n`);
}
