import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXTERNAL, GATEWAY, NODE } from '../support/addresses.ts';
import { wireEndpoint } from '../support/dial.ts';
import type { Host } from '../support/host.ts';
import { WIRINGS } from '../support/lab-spec.ts';
import { createWorld, PORT, TARGET_PORT, VIP, type World } from '../support/world.ts';

// The client's sockets pass no hook here: only their packets meet us, at the pod's host side device or at the uplink.

const AT_ONCE = { timeoutMs: 500 };
const REFUSED = { kind: 'failed', code: 'ECONNREFUSED' };
const SILENT = { kind: 'silent' };
const FAMILIES = ['ipv4', 'ipv6'] as const;

const CLIENTS = [
  { name: 'a pod', host: ({ lab }: World) => lab.pod('a') },
  { name: 'the node', host: ({ lab }: World) => lab.node },
] as const;

let world: World;

describe.each(WIRINGS)('$kind, iptables called by the bridge: $callIptables', (wiring) => {
  beforeAll(async () => {
    world = await createWorld(wiring);
    await Promise.all([world.lab.node.probe.serve('node', 7000), world.lab.external.probe.serve('external', 7000)]);
  }, 60_000);
  afterAll(() => world?.lab.dispose());

  describe.each(CLIENTS)('packets of $name', ({ host }) => {
    describe.each(FAMILIES)('%s', (family) => play(() => host(world), family));
  });

  it.each(FAMILIES)('what a pod sends to anything else is left alone, %s', async (family) => {
    const { rawProbe, addresses } = world.lab.pod('a');
    const b = world.lab.pod('b').addresses;
    const answered = (server: string, peer: string) => ({
      kind: 'answered',
      server,
      client: addresses[family],
      peer,
    });
    const outcomes = await Promise.all([
      rawProbe.connect({ host: b[family], port: TARGET_PORT }),
      rawProbe.connect({ host: GATEWAY[family], port: 7000 }),
      rawProbe.connect({ host: EXTERNAL[family], port: 7000 }),
    ]);
    expect(outcomes).toEqual([
      answered('b', wireEndpoint(b, family, TARGET_PORT)),
      answered('node', wireEndpoint(GATEWAY, family, 7000)),
      answered('external', wireEndpoint(EXTERNAL, family, 7000)),
    ]);
  });

  it('nothing of all this was INVALID, and no packet for a VIP left the node', async () => {
    expect([await world.lab.invalidPackets(), await world.lab.vipPacketsOnWire()]).toEqual([0, 0]);
  });
});

function play(client: () => Host, family: (typeof FAMILIES)[number]): void {
  const local = { name: 'on this node', vip: VIP.single, server: 'b' };
  const remote = { name: 'on another node', vip: VIP.remote, server: 'r' };

  it.each([local, remote])('reach an endpoint $name over TCP, with their own address', async ({ vip, server }) => {
    const { rawProbe, addresses } = client();
    expect(await rawProbe.connect({ host: vip[family], port: PORT })).toEqual({
      kind: 'answered',
      server,
      client: addresses[family],
      peer: wireEndpoint(vip, family, PORT),
    });
  });

  it.each([local, remote])('reach an endpoint $name over UDP, with their own address', async ({ vip, server }) => {
    const { rawProbe, addresses } = client();
    const target = { host: vip[family], port: PORT };
    const answered = {
      kind: 'answered',
      server,
      client: addresses[family],
      from: wireEndpoint(vip, family, PORT),
    };
    expect(await rawProbe.exchange({ ...target, connected: false })).toEqual(answered);
    expect(await rawProbe.exchange({ ...target, connected: true })).toEqual(answered);
  });

  it.each([local, remote])('carry a long stream both ways to an endpoint $name', async ({ vip }) => {
    const { rawProbe } = client();
    const { connection } = await rawProbe.open({ host: vip[family], port: PORT });
    expect(await rawProbe.echo(connection, 5_000_000, 10_000)).toEqual({ kind: 'echoed' });
    await rawProbe.call('tcp-close', { connection });
  });

  it.each([local, remote])('bring datagrams in fragments to an endpoint $name', async ({ vip, server }) => {
    const { rawProbe, addresses } = client();
    expect(await rawProbe.exchange({ host: vip[family], port: PORT, connected: false, bytes: 8_000 })).toEqual({
      kind: 'answered',
      server,
      client: addresses[family],
      from: wireEndpoint(vip, family, PORT),
    });
  });

  it('are balanced over all endpoints', async () => {
    const { rawProbe } = client();
    const target = { host: VIP.web[family], port: PORT };
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => rawProbe.connect(target)));
    expect(new Set(outcomes.map((each) => (each.kind === 'answered' ? each.server : each.kind)))).toEqual(
      new Set(['b', 'r']),
    );
  });

  it('reach an endpoint that may be the client itself from an address of the node', async () => {
    const { rawProbe } = client();
    const target = { host: VIP.self[family], port: PORT };
    expect(await rawProbe.connect(target)).toEqual({
      kind: 'answered',
      server: 'a',
      client: NODE[family],
      peer: wireEndpoint(VIP.self, family, PORT),
    });
    expect(await rawProbe.exchange({ ...target, connected: false })).toEqual({
      kind: 'answered',
      server: 'a',
      client: NODE[family],
      from: wireEndpoint(VIP.self, family, PORT),
    });
  });

  it('are refused at once where a Service has no endpoints', async () => {
    const { rawProbe } = client();
    const target = { host: VIP.empty[family], port: PORT, ...AT_ONCE };
    expect(await rawProbe.connect(target)).toEqual(REFUSED);
    expect(await rawProbe.exchange({ ...target, connected: true })).toEqual(REFUSED);
  });

  it('are refused at an unknown port of a ClusterIP', async () => {
    const { rawProbe } = client();
    const target = { host: VIP.single[family], port: 4711, ...AT_ONCE };
    expect(await rawProbe.connect(target)).toEqual(REFUSED);
    expect(await rawProbe.exchange({ ...target, connected: true })).toEqual(REFUSED);
  });

  it('meet silence where the policy drops', async () => {
    const { rawProbe } = client();
    const target = { host: VIP.elsewhere[family], port: PORT, timeoutMs: 700 };
    const outcomes = await Promise.all([rawProbe.connect(target), rawProbe.exchange({ ...target, connected: true })]);
    expect(outcomes).toEqual([SILENT, SILENT]);
  });
}
