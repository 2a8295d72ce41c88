import { afterAll, beforeAll, expect, it } from 'vitest';
import { NODE } from '../support/addresses.ts';
import { wireEndpoint } from '../support/dial.ts';
import { createWorld, PORT, VIP, type World } from '../support/world.ts';

// --socket-hooks off: all are served by their packets.

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

it.each(['ipv4', 'ipv6'] as const)("serves the node's own processes, %s", async (family) => {
  const { probe } = world.lab.node;
  for (const [vip, server] of [
    [VIP.single, 'b'],
    [VIP.remote, 'r'],
  ] as const) {
    expect(await probe.connect({ host: vip[family], port: PORT })).toEqual({
      kind: 'answered',
      server,
      client: NODE[family],
      peer: wireEndpoint(vip, family, PORT),
    });
  }
  expect(await probe.connect({ host: VIP.empty[family], port: PORT, timeoutMs: 500 })).toEqual({
    kind: 'failed',
    code: 'ECONNREFUSED',
  });
  expect(await world.lab.vipPacketsOnWire()).toBe(0);
});
