import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatCidr } from '../../src/model/cidr.ts';
import type { PlanConfig } from '../../src/plan/config.ts';
import { type DataplaneRow, readDataplaneRows } from '../conformance/dataplane-rows.ts';
import { Agent } from '../support/agent.ts';
import type { Host } from '../support/host.ts';
import { Lab } from '../support/lab.ts';
import type { PodSpec } from '../support/lab-spec.ts';
import type { Probe } from '../support/probe.ts';

// The rows of the conformance table that this node's own sockets and pods can play.

/** Addresses of the table that are pods here; every one serves the ports that the table names. */
const PODS: readonly PodSpec[] = [
  pod('client', '10.0.0.2', 'fd00:10::2'),
  pod('e1', '10.180.0.1', 'fd00:10:180::1'),
  pod('e2', '10.180.2.1', 'fd00:10:180::2:1'),
  pod('e3', '10.180.0.2', 'fd00:10:180::a3'),
  pod('e4', '10.180.0.3', 'fd00:10:180::a4'),
  pod('e5', '10.180.1.1', 'fd00:10:180::a5'),
  pod('e6', '10.180.1.2', 'fd00:10:180::a6'),
  pod('e7', '10.180.1.3', 'fd00:10:180::a7'),
  pod('e8', '10.0.1.1', 'fd00:10:180::a8'),
  pod('e9', '10.0.1.2', 'fd00:10:180::a9'),
  pod('e10', '10.0.1.3', 'fd00:10:180::aa'),
  pod('e11', '10.0.1.4', 'fd00:10:180::ab'),
  pod('e12', '10.0.1.5', 'fd00:10:180::ac'),
];
const TARGET_PORTS = [80, 8443, 53, 5353];
/** More than the node's own address: what the table's NodePorts and checks name. */
const NODE_ADDRESSES = ['192.168.1.2/32', '2001:db8:1::2/128'];
const ATTEMPTS = 64;

const GROUPS = groupsOf(readDataplaneRows().filter(isPlayable));

let lab: Lab;
let nodeAddresses: ReadonlySet<string>;

beforeAll(async () => {
  lab = await Lab.create({ wiring: { kind: 'routed' }, pods: PODS });
  await lab.node.ip(
    NODE_ADDRESSES.map((address) => `address add ${address} dev eth0 ${address.includes(':') ? 'nodad' : ''}`),
  );
  await Promise.all(PODS.filter(({ name }) => name !== 'client').map(({ name }) => serve(lab.pod(name))));
  const listed = JSON.parse(await lab.node.run(['ip', '-json', 'address'])) as readonly {
    addr_info: readonly { local: string }[];
  }[];
  nodeAddresses = new Set(listed.flatMap(({ addr_info }) => addr_info.map(({ local }) => local)));
}, 60_000);
afterAll(() => lab?.dispose());

describe.each(GROUPS)('$name', ({ rows }) => {
  let agent: Agent;
  beforeAll(async () => {
    const [first] = rows;
    if (first === undefined) return;
    await lab.manifests.write('table', first.objects);
    agent = await Agent.start(lab, {
      clusterCidrs: first.config.clusterCidrs.map(formatCidr),
      flags: flagsOf(first.config),
    });
  }, 60_000);
  afterAll(async () => {
    expect(await agent.stop()).toBe(0);
  });

  it.each(rows)('$name, $packet.source to $packet.destination:$packet.port $packet.protocol', async (row) => {
    for (const probe of probesOf(row)) await play(row, probe);
  });
});

async function play(row: DataplaneRow, probe: Probe): Promise<void> {
  const { verdict, endpoints, masquerade } = row.expected;
  switch (verdict) {
    case 'DNAT': {
      const outcomes = await Promise.all(Array.from({ length: ATTEMPTS }, () => dial(row, probe, 2_000)));
      const answers = outcomes.map((each) => (each.kind === 'answered' ? each : { server: each, client: '' }));
      expect(new Set(answers.map(({ server }) => server))).toEqual(new Set(endpoints));
      const seen = [...new Set(answers.map(({ client }) => client))];
      // The node's own sockets have a node address in any case; a hairpin by the socket hooks shows the pod itself.
      if (masquerade && probe !== hostOf(row)?.probe)
        expect(seen.filter((each) => !nodeAddresses.has(each))).toEqual([]);
      if (!masquerade && !isNodes(row)) expect(seen).toEqual([row.packet.source]);
      return;
    }
    case 'REJECT':
      expect(await dial(row, probe, 500)).toEqual({ kind: 'failed', code: 'ECONNREFUSED' });
      return;
    case 'DROP':
      expect(await dial(row, probe, 500)).toEqual({ kind: 'silent' });
      return;
    case 'PASS':
      // Nobody's address, or a port of the node where nothing listens.
      expect((await dial(row, probe, 500)).kind).not.toBe('answered');
  }
}

function dial({ packet }: DataplaneRow, probe: Probe, timeoutMs: number) {
  const target = { host: packet.destination, port: packet.port, timeoutMs };
  return packet.protocol === 'TCP' ? probe.connect(target) : probe.exchange({ ...target, connected: true });
}

/** Sockets by both paths: what the node sends to an address of its own is met by the hooks alone. */
function probesOf(row: DataplaneRow): readonly Probe[] {
  const host = isNodes(row) ? lab.node : hostOf(row);
  if (host === undefined) return [];
  return isNodes(row) && nodeAddresses.has(row.packet.destination) ? [host.probe] : [host.probe, host.rawProbe];
}

function hostOf({ packet }: DataplaneRow): Host | undefined {
  return lab.pods.find(({ addresses }) => addresses.ipv4 === packet.source || addresses.ipv6 === packet.source);
}

function isNodes({ packet, nodeIps }: DataplaneRow): boolean {
  return nodeIps.includes(packet.source) || packet.source === '127.0.0.1' || packet.source === '::1';
}

/** No packet from outside, and none of a pod that would need a masquerade: neither is served yet. */
function isPlayable(row: DataplaneRow): boolean {
  const { packet, expected } = row;
  if (packet.protocol === 'SCTP') return false;
  if (isNodes(row)) return true;
  const isPod = PODS.some(({ addresses }) => addresses.ipv4 === packet.source || addresses.ipv6 === packet.source);
  const isHairpin = expected.endpoints.length === 1 && expected.endpoints[0]?.startsWith(`${packet.source}:`) === true;
  return isPod && (!expected.masquerade || isHairpin);
}

function groupsOf(
  rows: readonly DataplaneRow[],
): readonly { readonly name: string; readonly rows: readonly DataplaneRow[] }[] {
  const groups = new Map<unknown, DataplaneRow[]>();
  for (const row of rows) groups.set(row.objects, [...(groups.get(row.objects) ?? []), row]);
  return [...groups.values()].map((group) => ({ name: group[0]?.name.split(':')[0] ?? '', rows: group }));
}

function flagsOf(config: PlanConfig): readonly string[] {
  const selectors = config.nodePortAddresses.map((each) => (typeof each === 'string' ? each : formatCidr(each)));
  return [
    `--masquerade-all=${config.masqueradeAll}`,
    `--iptables-localhost-nodeports=${config.localhostNodePorts}`,
    ...(selectors.length === 0 ? [] : ['--nodeport-addresses', selectors.join(',')]),
  ];
}

async function serve(host: Host): Promise<void> {
  for (const port of TARGET_PORTS) {
    await host.probe.serve(`${host.addresses.ipv4}:${port}`, port, host.addresses.ipv4);
    await host.probe.serve(`[${host.addresses.ipv6}]:${port}`, port, host.addresses.ipv6);
  }
}

function pod(name: string, ipv4: string, ipv6: string): PodSpec {
  return { name, place: 'node', addresses: { ipv4, ipv6 } };
}
