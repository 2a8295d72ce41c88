import { afterAll, beforeAll, expect, it } from 'vitest';
import { NODE } from '../support/addresses.ts';
import { wireEndpoint } from '../support/dial.ts';
import { createWorld, PORT, VIP, type World } from '../support/world.ts';

// --socket-hooks off: pods are served by their packets.

let world: World;
beforeAll(async () => {
  world = await createWorld({ kind: 'routed' }, { flags: ['--socket-hooks', 'off'] });
}, 60_000);
afterAll(() => world?.lab.dispose());

it.each(['ipv4', 'ipv6'] as const)(
  'serves pods, and shows a pod that dials itself a node address, %s',
  async (family) => {
    const { probe, addresses } = world.lab.pod('a');
    expect(await probe.connect({ host: VIP.single[family], port: PORT })).toEqual({
      kind: 'answered',
      server: 'b',
      client: addresses[family],
      peer: wireEndpoint(VIP.single, family, PORT),
    });
    expect(await probe.connect({ host: VIP.self[family], port: PORT })).toEqual({
      kind: 'answered',
      server: 'a',
      client: NODE[family],
      peer: wireEndpoint(VIP.self, family, PORT),
    });
    expect(await probe.connect({ host: VIP.empty[family], port: PORT, timeoutMs: 500 })).toEqual({
      kind: 'failed',
      code: 'ECONNREFUSED',
    });
  },
);

it('lets no packet of the node for a VIP leave', async () => {
  const outcome = await world.lab.node.probe.connect({ host: VIP.single.ipv4, port: PORT, timeoutMs: 500 });
  expect(outcome).not.toMatchObject({ kind: 'answered' });
  expect(await world.lab.vipPacketsOnWire()).toBe(0);
});
