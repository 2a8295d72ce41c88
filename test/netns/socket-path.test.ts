import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GATEWAY, NODE } from '../support/addresses.ts';
import { DIALS, hostOf, wireAddress, wireEndpoint } from '../support/dial.ts';
import type { Host } from '../support/host.ts';
import { createWorld, EXTERNAL_IP, LOAD_BALANCER_VIP, NODE_PORT, PORT, VIP, type World } from '../support/world.ts';

/** Refusals come at once. */
const AT_ONCE = { timeoutMs: 500 };
const REFUSED = { kind: 'failed', code: 'ECONNREFUSED' };
const SILENT = { kind: 'silent' };

let world: World;
beforeAll(async () => {
  world = await createWorld({ kind: 'routed' });
}, 60_000);
afterAll(() => world?.lab.dispose());

const CLIENTS = [
  { client: 'a pod', host: (): Host => world.lab.pod('a'), seen: () => world.lab.pod('a').addresses },
  // The kernel takes the source from the device that leads to the pod.
  { client: 'the node', host: (): Host => world.lab.node, seen: () => GATEWAY },
];

describe.each(CLIENTS)('sockets of $client', ({ host, seen }) => {
  describe.each(DIALS)('%s', (dialling) => {
    it('reach a ClusterIP over TCP; getpeername shows the VIP', async () => {
      expect(await host().probe.connect({ host: hostOf(VIP.single, dialling), port: PORT })).toEqual({
        kind: 'answered',
        server: 'b',
        client: wireAddress(seen(), dialling),
        peer: wireEndpoint(VIP.single, dialling, PORT),
      });
    });

    it.each([true, false])('reach a ClusterIP over UDP, connected %s; recvmsg shows the VIP', async (connected) => {
      expect(await host().probe.exchange({ host: hostOf(VIP.single, dialling), port: PORT, connected })).toEqual({
        kind: 'answered',
        server: 'b',
        client: wireAddress(seen(), dialling),
        from: wireEndpoint(VIP.single, dialling, PORT),
      });
    });

    it('see the VIP by getpeername on a connected UDP socket', async () => {
      const { probe } = host();
      const { socket } = await probe.call('udp-open', { family: dialling === 'ipv4' ? 4 : 6 });
      const target = { host: hostOf(VIP.single, dialling), port: PORT };
      expect(await probe.call('udp-connect', { socket, ...target })).toEqual({
        kind: 'connected',
        peer: wireEndpoint(VIP.single, dialling, PORT),
      });
      await probe.call('udp-close', { socket });
    });

    it('are balanced over all endpoints', async () => {
      const { probe } = host();
      const target = { host: hostOf(VIP.web, dialling), port: PORT };
      const tcp = await Promise.all(Array.from({ length: 40 }, () => probe.connect(target)));
      const udp = await Promise.all(Array.from({ length: 40 }, () => probe.exchange({ ...target, connected: false })));
      expect(new Set(tcp.map(serverOf))).toEqual(new Set(['b', 'r']));
      expect(new Set(udp.map(serverOf))).toEqual(new Set(['b', 'r']));
    });

    it('keep the backend of an unconnected UDP socket', async () => {
      const { probe } = host();
      const { socket } = await probe.call('udp-open', { family: dialling === 'ipv4' ? 4 : 6 });
      const servers = new Set<string>();
      for (let turn = 0; turn < 20; turn++) {
        await probe.call('udp-send', { socket, text: 'x', host: hostOf(VIP.web, dialling), port: PORT });
        const answer = await probe.call('udp-receive', { socket, timeoutMs: 2_000 });
        if (answer.kind !== 'received') throw new Error(`Cannot read an answer: ${answer.kind}`);
        expect(answer.from).toBe(wireEndpoint(VIP.web, dialling, PORT));
        servers.add((JSON.parse(answer.text) as { server: string }).server);
      }
      await probe.call('udp-close', { socket });
      expect(servers.size).toBe(1);
    });

    it('are refused at once where a Service has no endpoints', async () => {
      const { probe } = host();
      const target = { host: hostOf(VIP.empty, dialling), port: PORT, ...AT_ONCE };
      expect(await probe.connect(target)).toEqual(REFUSED);
      expect(await probe.exchange({ ...target, connected: true })).toEqual(REFUSED);
      expect(await probe.exchange({ ...target, connected: false })).toEqual(REFUSED);
    });

    it('are refused at an unknown port of a ClusterIP', async () => {
      const target = { host: hostOf(VIP.single, dialling), port: 4711, ...AT_ONCE };
      expect(await host().probe.connect(target)).toEqual(REFUSED);
      expect(await host().probe.exchange({ ...target, connected: true })).toEqual(REFUSED);
    });

    it('meet silence where the policy drops', async () => {
      const target = { host: hostOf(VIP.elsewhere, dialling), port: PORT, timeoutMs: 700 };
      const { probe } = host();
      expect(
        await Promise.all([
          probe.connect(target),
          probe.exchange({ ...target, connected: true }),
          probe.exchange({ ...target, connected: false }),
        ]),
      ).toEqual([SILENT, SILENT, SILENT]);
    });
  });
});

describe('what only one of them meets', () => {
  it('a pod reaches itself and sees its own address', async () => {
    const a = world.lab.pod('a');
    expect(await a.probe.connect({ host: VIP.self.ipv4, port: PORT })).toEqual({
      kind: 'answered',
      server: 'a',
      client: a.addresses.ipv4,
      peer: `${VIP.self.ipv4}:${PORT}`,
    });
  });

  it.each(['ipv4', 'ipv6'] as const)('the node reaches NodePorts, external IPs and VIPs, %s', async (family) => {
    const { probe } = world.lab.node;
    const answered = (addresses: typeof NODE, port: number) => ({
      kind: 'answered',
      server: 'b',
      client: GATEWAY[family],
      peer: wireEndpoint(addresses, family, port),
    });
    expect(await probe.connect({ host: NODE[family], port: NODE_PORT })).toEqual(answered(NODE, NODE_PORT));
    expect(await probe.connect({ host: EXTERNAL_IP[family], port: PORT })).toEqual(answered(EXTERNAL_IP, PORT));
    expect(await probe.connect({ host: LOAD_BALANCER_VIP[family], port: PORT })).toEqual(
      answered(LOAD_BALANCER_VIP, PORT),
    );
  });

  it.each(['ipv4', 'ipv6'] as const)('a pod reaches a VIP of policy Local by short circuit, %s', async (family) => {
    const a = world.lab.pod('a');
    expect(await a.probe.connect({ host: LOAD_BALANCER_VIP[family], port: PORT })).toEqual({
      kind: 'answered',
      server: 'b',
      client: a.addresses[family],
      peer: wireEndpoint(LOAD_BALANCER_VIP, family, PORT),
    });
  });

  it('nothing of all this was INVALID, and no packet for a VIP left the node', async () => {
    expect([await world.lab.invalidPackets(), await world.lab.vipPacketsOnWire()]).toEqual([0, 0]);
  });
});

function serverOf(outcome: { readonly kind: string; readonly server?: string }): string {
  return outcome.server ?? outcome.kind;
}
