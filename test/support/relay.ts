import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Host } from './host.ts';

const INNER = `
  import { connect, createServer } from 'node:net';
  const [path, port] = process.argv.slice(1);
  const server = createServer({ noDelay: true }, (from) => {
    const to = connect(path);
    from.pipe(to).pipe(from);
    from.on('error', () => to.destroy());
    to.on('error', () => from.destroy());
  });
  server.listen(Number(port), '127.0.0.1', () => console.log('ready'));
`;

/** A port on a host's loopback that leads to a port of this process's own, by a socket in a folder; nothing waits in it. */
export class Relay implements AsyncDisposable {
  readonly #inner: ChildProcess;
  readonly #outer: Server;

  private constructor(inner: ChildProcess, outer: Server) {
    this.#inner = inner;
    this.#outer = outer;
  }

  static async start(
    host: Host,
    folder: string,
    ports: { readonly inner: number; readonly outer: number },
  ): Promise<Relay> {
    const path = join(folder, `relay-${ports.inner}.sock`);
    const outer = createServer((from) => {
      const to = connect({ port: ports.outer, host: '127.0.0.1', noDelay: true });
      from.pipe(to).pipe(from);
      from.on('error', () => to.destroy());
      to.on('error', () => from.destroy());
    }).listen(path);
    await once(outer, 'listening');
    const argv = [...host.enter(), process.execPath, '--input-type=module', '--eval', INNER, path, String(ports.inner)];
    const inner = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(inner.stdout, 'data');
    return new Relay(inner, outer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#inner, 'close');
    this.#inner.kill('SIGTERM');
    await ended;
    this.#outer.close();
  }
}
