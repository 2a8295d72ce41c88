import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import process from 'node:process';

/**
 * Passes connections on: main.js LISTEN TARGET, each an IPv4 address with its port or the path of a socket. Two of them
 * lead out of a network namespace, as a socket's path is the same in all. Prints the port it listens on, for port 0.
 */
const [listen = '', target = ''] = process.argv.slice(2);
const server = createServer((client) => pass(client, openTarget()));
startListening(server);
await once(server, 'listening');
const address = server.address();
if (isInternet(address)) console.log(address.port);

function pass(client: Socket, upstream: Socket): void {
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.on('error', () => to.destroy());
    from.pipe(to);
  }
}

function openTarget(): Socket {
  const [host = '', port] = target.split(':');
  return port === undefined ? connect(target) : connect(Number(port), host);
}

function startListening(to: Server): void {
  const [host = '', port] = listen.split(':');
  if (port === undefined) to.listen(listen);
  else to.listen(Number(port), host);
}

function isInternet(is: AddressInfo | string | null): is is AddressInfo {
  return typeof is === 'object' && is !== null;
}
