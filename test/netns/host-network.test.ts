import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Addresses, NODE, NODE_NAME, REMOTE } from '../support/addresses.ts';
import { eventually } from '../support/deadline.ts';
import { wireEndpoint } from '../support/dial.ts';
import { WIRINGS } from '../support/lab-spec.ts';
import { serviceObjects } from '../support/objects.ts';
import type { Probe } from '../support/probe.ts';
import { createWorld, PORT, TARGET_PORT, vip, type World } from '../support/world.ts';

// Endpoints that are machines, not pods: what "default/kubernetes" has, and pods in the host's network.

const HERE = vip(60);
const THERE = vip(61);

let world: World;
/** Packets for a Service that was not there yet. */
let early: number;

describe.each(WIRINGS)(
  'endpoints in the network of a node, $kind, iptables called by the bridge: $callIptables',
  (wiring) => {
    beforeAll(async () => {
      world = await createWorld(wiring);
      const { lab } = world;
      // A host's server answers datagrams from the address that was asked only if it is bound to it.
      for (const family of ['ipv4', 'ipv6'] as const) {
        await lab.node.probe.serve('node', TARGET_PORT, NODE[family]);
        await lab.remote.probe.serve('remote', TARGET_PORT, REMOTE[family]);
      }
      await lab.manifests.write('host', [
        ...serviceObjects(service('here', { vip: HERE, endpoint: NODE, nodeName: NODE_NAME })),
        ...serviceObjects(service('there', { vip: THERE, endpoint: REMOTE, nodeName: 'node-b' })),
      ]);
      const served = async () =>
        (await lab.node.probe.connect({ host: THERE.ipv6, port: PORT })).kind === 'answered' ? true : undefined;
      await eventually('the Services', served);
      early = await lab.vipPacketsOnWire();
    }, 60_000);
    afterAll(() => world?.lab.dispose());

    const clients = [
      {
        client: "a pod's sockets",
        probe: (): Probe => world.lab.pod('a').probe,
        seen: () => world.lab.pod('a').addresses,
      },
      {
        client: "a pod's packets",
        probe: (): Probe => world.lab.pod('a').rawProbe,
        seen: () => world.lab.pod('a').addresses,
      },
      { client: "the node's sockets", probe: (): Probe => world.lab.node.probe, seen: () => NODE },
      {
        client: "the node's packets",
        probe: (): Probe => world.lab.node.rawProbe,
        // The one address that leads back by the uplink: docs/decisions/014.
        seen: (server: string) => (server === 'node' ? HERE : NODE),
      },
    ];
    const servers = [
      { server: 'node', address: HERE },
      { server: 'remote', address: THERE },
    ];
    const rows = clients.flatMap((client) => servers.map((server) => ({ ...client, ...server })));

    it.each(rows)('$client reach $server', async ({ probe, seen, server, address }) => {
      for (const family of ['ipv4', 'ipv6'] as const) {
        const target = { host: address[family], port: PORT };
        const answered = { kind: 'answered', server, client: seen(server)[family] };
        const endpoint = wireEndpoint(address, family, PORT);
        expect(await probe().connect(target)).toEqual({ ...answered, peer: endpoint });
        expect(await probe().exchange({ ...target, connected: true })).toEqual({ ...answered, from: endpoint });
        expect(await probe().exchange({ ...target, connected: false })).toEqual({ ...answered, from: endpoint });
      }
    });

    it('nothing of all this was INVALID, and no packet for a VIP left the node', async () => {
      expect([await world.lab.invalidPackets(), await world.lab.vipPacketsOnWire()]).toEqual([0, early]);
    });
  },
);

function service(
  name: string,
  to: { readonly vip: Addresses; readonly endpoint: Addresses; readonly nodeName: string },
) {
  return {
    name,
    clusterIPs: [to.vip.ipv4, to.vip.ipv6],
    port: PORT,
    targetPort: TARGET_PORT,
    endpoints: [{ addresses: to.endpoint, nodeName: to.nodeName }],
  };
}
