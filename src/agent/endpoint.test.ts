import { createServer } from 'node:net';
import { Writable } from 'node:stream';
import pino from 'pino';
import { expect, it, vi } from 'vitest';
import { serveEndpoint } from './endpoint.ts';

it('answers; a port that is taken is told once and tried again', async () => {
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const address = squatter.address();
  if (address === null || typeof address === 'string') throw new Error('Cannot tell the port');
  const { port } = address;

  const lines: unknown[] = [];
  const to = new Writable({
    write(text: Buffer, _, done) {
      const { level, ...line } = JSON.parse(text.toString()) as { level: number };
      lines.push(line);
      done();
    },
  });
  const timers: (() => void)[] = [];
  const controller = new AbortController();
  const serving = serveEndpoint({
    name: 'test',
    address: { host: '127.0.0.1', port },
    answer: (path) => (path === '/there' ? { status: 503, headers: { 'x-a': 'b' }, body: 'hé' } : undefined),
    log: pino({ base: null, timestamp: false }, to),
    setTimer: (_, fire) => {
      timers.push(fire);
      return () => undefined;
    },
    signal: controller.signal,
  });
  const tried = (times: number) => vi.waitFor(() => expect(timers.length).toBe(times), { timeout: 2000, interval: 1 });
  await tried(1);
  timers[0]?.();
  await tried(2);
  await new Promise((resolve) => squatter.close(resolve));
  timers[1]?.();
  await vi.waitFor(() => expect(lines.length).toBe(2), { timeout: 2000, interval: 1 });

  const there = await fetch(`http://127.0.0.1:${port}/there?x=1`);
  expect([there.status, there.headers.get('x-a'), await there.text()]).toEqual([503, 'b', 'hé']);
  const elsewhere = await fetch(`http://127.0.0.1:${port}/`);
  expect([elsewhere.status, await elsewhere.text()]).toEqual([404, '404 page not found\n']);
  controller.abort();
  await serving;
  await expect(fetch(`http://127.0.0.1:${port}/there`)).rejects.toThrow('fetch failed');

  const bind = `127.0.0.1:${port}`;
  const reason = `listen EADDRINUSE: address already in use ${bind}`;
  expect(lines).toEqual([
    { endpoint: 'test', bind, reason, msg: 'endpoint cannot listen, it will be tried again' },
    { endpoint: 'test', bind, msg: 'endpoint answers now' },
  ]);
});
