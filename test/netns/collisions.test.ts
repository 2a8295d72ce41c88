import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Addresses } from '../support/addresses.ts';
import { wireEndpoint } from '../support/dial.ts';
import type { Host } from '../support/host.ts';
import { WIRINGS } from '../support/lab-spec.ts';
import { createWorld, PORT, TARGET_PORT, VIP, type World } from '../support/world.ts';

// One client port, one backend, several ways to dial it: after translation they would be one flow.

let world: World;

interface Way {
  readonly addresses: Addresses;
  readonly port: number;
}

const single: Way = { addresses: VIP.single, port: PORT };
const twin: Way = { addresses: VIP.twin, port: PORT };

interface Client {
  readonly name: string;
  readonly host: () => Host;
  /** Whom it dials directly, and by a VIP: from one address both times. */
  readonly server: string;
  readonly lone: Way;
}

const CLIENTS: readonly Client[] = [
  { name: 'a pod', host: () => world.lab.pod('a'), server: 'b', lone: single },
  { name: 'the node', host: () => world.lab.node, server: 'r', lone: { addresses: VIP.remote, port: PORT } },
];

describe.each(WIRINGS)('$kind, iptables called by the bridge: $callIptables', (wiring) => {
  beforeAll(async () => {
    world = await createWorld(wiring);
  }, 60_000);
  afterAll(() => world?.lab.dispose());

  describe.each(CLIENTS)('$name dials', (client) => {
    describe.each(['ipv4', 'ipv6'] as const)('%s', (family) => meetCollisions(client, family));
  });

  it('nothing of all this was INVALID', async () => {
    expect(await world.lab.invalidPackets()).toBe(0);
  });
});

function meetCollisions({ host, server, lone }: Client, family: 'ipv4' | 'ipv6'): void {
  const direct = (): Way => ({ addresses: world.lab.pod(server).addresses, port: TARGET_PORT });

  it.each([
    { order: 'a VIP, then another VIP', first: () => single, second: () => twin, localPort: 40_001 },
    { order: 'a VIP, then the backend directly', first: () => lone, second: direct, localPort: 40_002 },
    { order: 'the backend directly, then a VIP', first: direct, second: () => lone, localPort: 40_003 },
  ])('$order: they stay two TCP connections', async ({ first, second, localPort }) => {
    const { rawProbe, addresses } = host();
    const open = ({ addresses, port }: Way) => rawProbe.open({ host: addresses[family], port, localPort });
    const one = await open(first());
    const two = await open(second());
    expect([one.peer, two.peer]).toEqual(
      [first(), second()].map((way) => wireEndpoint(way.addresses, family, way.port)),
    );
    expect(one.client).toBe(wireEndpoint(addresses, family, localPort));
    expect(two.client).not.toBe(one.client);
    for (const { connection } of [one, two, one]) {
      expect(await rawProbe.echo(connection, 100_000)).toEqual({ kind: 'echoed' });
    }
    for (const { connection } of [one, two]) await rawProbe.call('tcp-close', { connection });
  });

  it('the backend directly from a port whose VIP flow is over', async () => {
    const { rawProbe, addresses } = host();
    const localPort = 40_004;
    const connect = ({ addresses, port }: Way) => rawProbe.connect({ host: addresses[family], port, localPort });
    const answered = (way: Way, by: string) => ({
      kind: 'answered',
      server: by,
      client: addresses[family],
      peer: wireEndpoint(way.addresses, family, way.port),
    });
    for (const way of [lone, direct()]) expect(await connect(way)).toEqual(answered(way, server));
    expect(await connect(twin)).toEqual(answered(twin, 'b'));
  });

  it('two VIPs and the backend itself from one UDP socket', async () => {
    const { rawProbe } = host();
    const { socket } = await rawProbe.call('udp-open', { family: family === 'ipv4' ? 4 : 6, localPort: 40_010 });
    for (const way of [single, twin, lone, direct(), twin, lone, single, direct()]) {
      await rawProbe.call('udp-send', { socket, text: 'x', host: way.addresses[family], port: way.port });
      expect(await rawProbe.call('udp-receive', { socket, timeoutMs: 2_000 })).toMatchObject({
        kind: 'received',
        from: wireEndpoint(way.addresses, family, way.port),
      });
    }
    await rawProbe.call('udp-close', { socket });
  });
}
