import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Addresses } from '../support/addresses.ts';
import { wireEndpoint } from '../support/dial.ts';
import { WIRINGS } from '../support/lab-spec.ts';
import { createWorld, PORT, TARGET_PORT, VIP, type World } from '../support/world.ts';

// One client port, one backend, several ways to dial it: after translation they would be one flow.

let world: World;

const direct = () => ({ addresses: world.lab.pod('b').addresses, port: TARGET_PORT });
const single = () => ({ addresses: VIP.single, port: PORT });
const twin = () => ({ addresses: VIP.twin, port: PORT });

interface Way {
  readonly addresses: Addresses;
  readonly port: number;
}

const ORDERS = [
  { order: 'a VIP, then another VIP', first: single, second: twin, localPort: 40_001 },
  { order: 'a VIP, then the backend directly', first: single, second: direct, localPort: 40_002 },
  { order: 'the backend directly, then a VIP', first: direct, second: single, localPort: 40_003 },
] as const;

describe.each(WIRINGS)('$kind, iptables called by the bridge: $callIptables', (wiring) => {
  beforeAll(async () => {
    world = await createWorld(wiring);
  }, 60_000);
  afterAll(() => world?.lab.dispose());

  describe.each(['ipv4', 'ipv6'] as const)('%s', meetCollisions);

  it('nothing of all this was INVALID', async () => {
    expect(await world.lab.invalidPackets()).toBe(0);
  });
});

function meetCollisions(family: 'ipv4' | 'ipv6'): void {
  describe.each(ORDERS)('$order', ({ first, second, localPort }) => {
    it('stay two TCP connections', async () => {
      const { rawProbe, addresses } = world.lab.pod('a');
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
  });

  it('a port whose VIP flow is over dials the backend directly', async () => {
    const { rawProbe, addresses } = world.lab.pod('a');
    const localPort = 40_004;
    const connect = ({ addresses, port }: Way) => rawProbe.connect({ host: addresses[family], port, localPort });
    const answered = (way: Way) => ({
      kind: 'answered',
      server: 'b',
      client: addresses[family],
      peer: wireEndpoint(way.addresses, family, way.port),
    });
    for (const way of [single(), direct(), direct(), single(), twin()])
      expect(await connect(way)).toEqual(answered(way));
  });

  it('one UDP socket keeps two VIPs and the backend itself apart', async () => {
    const { rawProbe } = world.lab.pod('a');
    const { socket } = await rawProbe.call('udp-open', { family: family === 'ipv4' ? 4 : 6, localPort: 40_010 });
    for (const way of [single(), twin(), direct(), twin(), single(), direct()]) {
      await rawProbe.call('udp-send', { socket, text: 'x', host: way.addresses[family], port: way.port });
      expect(await rawProbe.call('udp-receive', { socket, timeoutMs: 2_000 })).toMatchObject({
        kind: 'received',
        from: wireEndpoint(way.addresses, family, way.port),
      });
    }
    await rawProbe.call('udp-close', { socket });
  });
}
