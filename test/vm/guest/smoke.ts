import { deepStrictEqual } from 'node:assert/strict';
import { type Addresses, GATEWAY, NODE } from '../../support/addresses.ts';
import { Agent, cleanup } from '../../support/agent.ts';
import { eventually } from '../../support/deadline.ts';
import { type Dialling, hostOf, wireAddress, wireEndpoint } from '../../support/dial.ts';
import { type Footprint, footprint } from '../../support/footprint.ts';
import type { Lab } from '../../support/lab.ts';
import { serviceObjects } from '../../support/objects.ts';
import type { Probe } from '../../support/probe.ts';
import { createServingLab, PORT, serviceOf, VIP } from '../../support/world.ts';
import type { Check } from './check.ts';
import { startTraffic, stopTraffic } from './traffic.ts';

/** A kind of client: what it dials with, and what the servers see of it. */
interface Client {
  readonly name: string;
  readonly diallings: readonly Dialling[];
  probe(lab: Lab): Probe;
  /** Its source address towards a pod of this node. */
  seen(lab: Lab): Addresses;
  /** What a pod sees that reaches itself; undefined: it is no endpoint. */
  hairpin?(lab: Lab): Addresses;
}

const CLIENTS: readonly Client[] = [
  {
    name: 'sockets of a pod',
    diallings: ['ipv4', 'ipv6', 'mapped'],
    probe: (lab) => lab.pod('a').probe,
    seen: (lab) => lab.pod('a').addresses,
    hairpin: (lab) => lab.pod('a').addresses,
  },
  {
    name: 'sockets of the node',
    diallings: ['ipv4', 'ipv6', 'mapped'],
    probe: (lab) => lab.node.probe,
    seen: () => GATEWAY,
  },
  {
    name: 'packets of a pod',
    diallings: ['ipv4', 'ipv6'],
    probe: (lab) => lab.pod('a').rawProbe,
    seen: (lab) => lab.pod('a').addresses,
    hairpin: () => NODE,
  },
  {
    name: 'packets of the node',
    diallings: ['ipv4', 'ipv6'],
    probe: (lab) => lab.node.rawProbe,
    seen: () => NODE,
  },
];

/** Real traffic through the agent, on one lab for all: by sockets and by packets, before and after a crash. */
export function smokeChecks(): readonly Check[] {
  const stage = new Stage();
  return [
    { name: 'the agent gets in sync', run: () => stage.open() },
    ...CLIENTS.flatMap((client) => [
      ...client.diallings.flatMap((dialling) => trafficChecks(stage, client, dialling)),
      { name: `${client.name} meet silence where the policy drops`, run: () => meetsSilence(stage.lab, client) },
    ]),
    { name: 'a changed endpoint takes effect', run: () => followsChange(stage.lab) },
    { name: 'an agent killed and started again hurts no connection', run: () => stage.crash() },
    { name: 'nothing of all this was INVALID, no packet for a VIP was on the wire', run: () => wasClean(stage.lab) },
    { name: 'cleanup leaves nothing behind', run: () => stage.close() },
  ];
}

/** The lab and the agent of this boot. */
class Stage {
  #lab: Lab | undefined;
  #agent: Agent | undefined;
  #before: Footprint | undefined;

  get lab(): Lab {
    if (this.#agent === undefined || this.#lab === undefined) throw new Error('Cannot send traffic: no agent in sync');
    return this.#lab;
  }

  async open(): Promise<void> {
    this.#lab = await createServingLab({ kind: 'routed' });
    await serveMovingFrom(this.#lab, 'b');
    await this.#lab.makeCgroup('agent');
    this.#before = await footprint(this.#lab);
    this.#agent = await Agent.start(this.#lab);
  }

  async crash(): Promise<void> {
    const traffic = await startTraffic(this.lab);
    await this.#agent?.kill();
    deepStrictEqual((await dial(this.lab.pod('a').probe, VIP.single, 'ipv4')).kind, 'answered');
    this.#agent = await Agent.start(this.lab);
    await stopTraffic(traffic);
  }

  /** The lab itself goes with this process. */
  async close(): Promise<void> {
    const { lab } = this;
    deepStrictEqual(await this.#agent?.stop(), 0);
    await cleanup(lab);
    deepStrictEqual(await footprint(lab), this.#before);
  }
}

function trafficChecks(stage: Stage, client: Client, dialling: Dialling): readonly Check[] {
  const { hairpin } = client;
  const check = (what: string, run: (lab: Lab, probe: Probe) => Promise<void>): Check => ({
    name: `${client.name}, ${dialling}: ${what}`,
    run: () => run(stage.lab, client.probe(stage.lab)),
  });
  return [
    check('TCP and UDP reach an endpoint; the answers come from the VIP', (lab, probe) =>
      expectAnswers(probe, { vip: VIP.single, dialling, server: 'b', client: client.seen(lab) }),
    ),
    ...(hairpin === undefined
      ? []
      : [
          check('reach the pod itself', (lab, probe) =>
            expectAnswers(probe, { vip: VIP.self, dialling, server: 'a', client: hairpin(lab) }),
          ),
        ]),
    check('are refused where there is no endpoint', async (_lab, probe) => {
      const target = { host: hostOf(VIP.empty, dialling), port: PORT };
      const refused = { kind: 'failed', code: 'ECONNREFUSED' };
      deepStrictEqual(
        [await probe.connect(target), await probe.exchange({ ...target, connected: true })],
        [refused, refused],
      );
    }),
  ];
}

async function meetsSilence(lab: Lab, client: Client): Promise<void> {
  const probe = client.probe(lab);
  const targets = client.diallings.map((dialling) => ({
    host: hostOf(VIP.elsewhere, dialling),
    port: PORT,
    timeoutMs: 2_000,
  }));
  const outcomes = await Promise.all([
    ...targets.map((target) => probe.connect(target)),
    ...targets.map((target) => probe.exchange({ ...target, connected: true })),
  ]);
  deepStrictEqual(
    outcomes,
    outcomes.map(() => ({ kind: 'silent' })),
  );
}

function dial(probe: Probe, vip: Addresses, dialling: Dialling) {
  return probe.connect({ host: hostOf(vip, dialling), port: PORT });
}

async function expectAnswers(
  probe: Probe,
  wanted: { vip: Addresses; dialling: Dialling; server: string; client: Addresses },
): Promise<void> {
  const { vip, dialling, server } = wanted;
  const target = { host: hostOf(vip, dialling), port: PORT };
  const from = wireEndpoint(vip, dialling, PORT);
  const answered = { kind: 'answered', server, client: wireAddress(wanted.client, dialling) };
  const found = [
    await dial(probe, vip, dialling),
    await probe.exchange({ ...target, connected: false }),
    await probe.exchange({ ...target, connected: true }),
  ];
  deepStrictEqual(found, [
    { ...answered, peer: from },
    { ...answered, from },
    { ...answered, from },
  ]);
}

const MOVING: Addresses = { ipv4: '172.30.0.50', ipv6: 'fd00:172:30::50' };

function serveMovingFrom(lab: Lab, pod: string): Promise<void> {
  return lab.manifests.write('moving', serviceObjects(serviceOf(lab, 'moving', { vip: MOVING, pods: [pod] })));
}

async function followsChange(lab: Lab): Promise<void> {
  await serveMovingFrom(lab, 'r');
  for (const probe of [lab.pod('a').probe, lab.pod('a').rawProbe, lab.node.rawProbe]) {
    await eventually('an answer of r', async () => {
      const outcome = await dial(probe, MOVING, 'ipv6');
      return outcome.kind === 'answered' && outcome.server === 'r' ? true : undefined;
    });
  }
}

async function wasClean(lab: Lab): Promise<void> {
  deepStrictEqual([await lab.invalidPackets(), await lab.vipPacketsOnWire()], [0, 0]);
}
