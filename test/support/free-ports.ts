import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** A port of loopback for each name that nobody listens on. */
export async function freePorts<const Name extends string>(...names: readonly Name[]): Promise<Record<Name, number>> {
  const servers = names.map((name) => ({ name, server: createServer().listen(0, '127.0.0.1') }));
  await Promise.all(servers.map(({ server }) => once(server, 'listening')));
  const ports = servers.map(({ name, server }) => [name, (server.address() as AddressInfo).port]); // TCP servers
  await Promise.all(servers.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  return Object.fromEntries(ports) as Record<Name, number>; // of the same names
}
