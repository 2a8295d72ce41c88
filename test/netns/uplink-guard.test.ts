import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Wiring } from '../support/lab-spec.ts';
import { createWorld, PORT, VIP, type World } from '../support/world.ts';

// Sockets of the node that pass no hook: their packets for a VIP take the default route, and must not leave.

const WIRINGS: readonly Wiring[] = [{ kind: 'routed' }, { kind: 'bridge', callIptables: true }];

describe.each(WIRINGS)('the uplink guard, $kind', (wiring) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld(wiring);
  }, 60_000);
  afterAll(() => world?.lab.dispose());

  it.each(['ipv4', 'ipv6'] as const)('lets no packet for a VIP leave the node, %s', async (family) => {
    const { node } = world.lab;
    const targets = Object.values(VIP).flatMap((vip) =>
      [PORT, 4711].map((port) => ({ host: vip[family], port, timeoutMs: 500 })),
    );
    const before = await world.lab.vipPacketsOnWire();
    await Promise.all([
      ...targets.map((target) => node.rawProbe.connect(target)),
      ...targets.map((target) => node.rawProbe.exchange({ ...target, connected: false })),
    ]);
    await node.run(['ping', '-c1', '-W1', VIP.single[family]]).catch(() => undefined);
    expect(await world.lab.vipPacketsOnWire()).toBe(before);
  });

  it.each(['ipv4', 'ipv6'] as const)('refuses at once what a Service without endpoints refuses, %s', async (family) => {
    const { rawProbe } = world.lab.node;
    const target = { host: VIP.empty[family], port: PORT, timeoutMs: 500 };
    expect(await rawProbe.connect(target)).toEqual({ kind: 'failed', code: 'ECONNREFUSED' });
    expect(await rawProbe.exchange({ ...target, connected: true })).toEqual({ kind: 'failed', code: 'ECONNREFUSED' });
  });
});
