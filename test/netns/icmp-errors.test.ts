import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host } from '../support/host.ts';
import { WIRINGS } from '../support/lab-spec.ts';
import { serviceObjects } from '../support/objects.ts';
import { createWorld, PORT, serviceOf, VIP, vip, type World } from '../support/world.ts';

const NOTIFY_PORT = 5353;
const NOTIFY = vip(30);

let world: World;

const CLIENTS = [
  { name: 'a pod', host: () => world.lab.pod('a') },
  { name: 'the node', host: () => world.lab.node },
] as const;

describe.each(WIRINGS)('ICMP errors, $kind, iptables called by the bridge: $callIptables', (wiring) => {
  beforeAll(async () => {
    world = await createWorld(wiring);
  }, 60_000);
  afterAll(() => world?.lab.dispose());

  describe.each(CLIENTS)('about packets of $name', ({ host }) => {
    describe.each(['ipv4', 'ipv6'] as const)('%s', (family) => meetErrors(host, family));
  });

  it('were never INVALID', async () => {
    expect(await world.lab.invalidPackets()).toBe(0);
  });
});

function meetErrors(client: () => Host, family: 'ipv4' | 'ipv6'): void {
  it('of a backend reach the client that dialled the VIP', async () => {
    const target = { host: VIP.closed[family], port: PORT, timeoutMs: 500, connected: true };
    expect(await client().rawProbe.exchange(target)).toEqual({ kind: 'failed', code: 'ECONNREFUSED' });
  });

  it('of a client reach the backend that answered it', async () => {
    const { lab } = world;
    const service = { ...serviceOf(lab, 'notify', { vip: NOTIFY, pods: ['b'] }), targetPort: NOTIFY_PORT };
    await lab.manifests.write('notify', serviceObjects(service));
    const a = client().rawProbe;
    const b = lab.pod('b').probe;
    const ofFamily = { family: family === 'ipv4' ? 4 : 6 } as const;
    const server = await b.call('udp-open', { ...ofFamily, localPort: NOTIFY_PORT });
    const opened = await a.call('udp-open', ofFamily);
    const heard = await hear(
      () => a.call('udp-send', { ...opened, text: 'x', host: NOTIFY[family], port: PORT }),
      () => b.call('udp-receive', { ...server, timeoutMs: 100 }),
    );
    const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(heard) ?? [];
    await b.call('udp-connect', { ...server, host, port: Number(port) });
    await a.call('udp-close', opened);
    await b.call('udp-send', { ...server, text: 'late' });
    const told = await b.call('udp-receive', { ...server, timeoutMs: 2_000 });
    await b.call('udp-close', server);
    expect(told).toEqual({ kind: 'failed', code: 'ECONNREFUSED' });
  });

  it('of a narrow way make a stream through a VIP smaller', async () => {
    const { lab } = world;
    await lab.node.ip(['link set eth0 mtu 1300']);
    await lab.remote.ip(['link set eth0 mtu 1300']);
    const { rawProbe } = client();
    const { connection } = await rawProbe.open({ host: VIP.remote[family], port: PORT });
    expect(await rawProbe.echo(connection, 500_000, 5_000)).toEqual({ kind: 'echoed' });
    await rawProbe.call('tcp-close', { connection });
  });
}

/** Sends until the other side hears: a Service written a moment ago comes into force soon. */
async function hear(
  send: () => Promise<unknown>,
  receive: () => Promise<{ readonly kind: string; readonly from?: string }>,
): Promise<string> {
  for (let attempt = 0; attempt < 50; attempt++) {
    await send();
    const { from } = await receive();
    if (from !== undefined) return from;
  }
  throw new Error('Cannot hear the datagram');
}
