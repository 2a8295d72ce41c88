import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NODE } from '../support/addresses.ts';
import { Lab } from '../support/lab.ts';
import { localPod, remotePod, WIRINGS } from '../support/lab-spec.ts';

// The lab itself: what the other suites take for granted.

const PODS = [localPod('a', 1), localPod('b', 2), remotePod('r', 1)];

describe.each(WIRINGS)('a lab, $kind, iptables called by the bridge: $callIptables', (wiring) => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await Lab.create({ wiring, pods: PODS });
    await Promise.all([lab.pod('b').probe.serve('b', 80), lab.pod('r').probe.serve('r', 80)]);
  }, 60_000);

  afterAll(() => lab?.dispose());

  it('connects pods, node, remote node and the world outside, in both families', async () => {
    const b = lab.pod('b').addresses;
    const r = lab.pod('r').addresses;
    const a = lab.pod('a').probe;
    const from = lab.pod('a').addresses;
    expect(await a.connect({ host: b.ipv4, port: 80 })).toEqual({
      kind: 'answered',
      server: 'b',
      client: from.ipv4,
      peer: `${b.ipv4}:80`,
    });
    expect(await a.connect({ host: b.ipv6, port: 80 })).toEqual({
      kind: 'answered',
      server: 'b',
      client: from.ipv6,
      peer: `[${b.ipv6}]:80`,
    });
    expect(await a.connect({ host: r.ipv4, port: 80 })).toEqual({
      kind: 'answered',
      server: 'r',
      client: from.ipv4,
      peer: `${r.ipv4}:80`,
    });
    expect(await a.connect({ host: r.ipv6, port: 80 })).toEqual({
      kind: 'answered',
      server: 'r',
      client: from.ipv6,
      peer: `[${r.ipv6}]:80`,
    });
    expect(await lab.node.probe.connect({ host: r.ipv4, port: 80 })).toEqual({
      kind: 'answered',
      server: 'r',
      client: NODE.ipv4,
      peer: `${r.ipv4}:80`,
    });
    expect(await lab.external.probe.connect({ host: b.ipv6, port: 80 })).toEqual({
      kind: 'answered',
      server: 'b',
      client: lab.external.addresses.ipv6,
      peer: `[${b.ipv6}]:80`,
    });
  });

  it('exchanges datagrams over connected, unconnected and mapped sockets', async () => {
    const { ipv4, ipv6 } = lab.pod('b').addresses;
    const a = lab.pod('a');
    const answered = { kind: 'answered', server: 'b', client: a.addresses.ipv4, from: `${ipv4}:80` };
    expect(await a.probe.exchange({ host: ipv4, port: 80, connected: false })).toEqual(answered);
    expect(await a.probe.exchange({ host: ipv4, port: 80, connected: true })).toEqual(answered);
    expect(await a.probe.exchange({ host: `::ffff:${ipv4}`, port: 80, connected: false })).toEqual(answered);
    expect(await a.rawProbe.exchange({ host: ipv6, port: 80, connected: true })).toEqual({
      kind: 'answered',
      server: 'b',
      client: a.addresses.ipv6,
      from: `[${ipv6}]:80`,
    });
  });

  it('tells a refused port from a silent address', async () => {
    const { ipv4 } = lab.pod('b').addresses;
    const { probe } = lab.pod('a');
    expect(await probe.connect({ host: ipv4, port: 81 })).toEqual({ kind: 'failed', code: 'ECONNREFUSED' });
    expect(await probe.exchange({ host: ipv4, port: 81, connected: true })).toEqual({
      kind: 'failed',
      code: 'ECONNREFUSED',
    });
    expect(await probe.connect({ host: '203.0.113.77', port: 80, timeoutMs: 300 })).toEqual({ kind: 'silent' });
  });

  it('keeps a connection open and counts steady traffic', async () => {
    const { probe } = lab.pod('a');
    const target = { host: lab.pod('b').addresses.ipv4, port: 80 };
    const { connection } = await probe.open(target);
    expect(await probe.echo(connection, 1_000_000)).toEqual({ kind: 'echoed' });
    const kinds = ['held-tcp', 'new-tcp', 'new-udp'] as const;
    const stops = await Promise.all(kinds.map((kind) => probe.traffic(kind, target, 100)));
    await probe.echo(connection, 10_000_000);
    for (const stop of stops) {
      const report = await stop();
      expect(report).toEqual({
        answered: report.answered,
        servers: { b: report.answered },
        failures: {},
        slowestMs: report.slowestMs,
      });
      expect(report.answered).toBeGreaterThan(0);
    }
  });

  it('has no VIP by itself: packets for one leave the node and are counted', async () => {
    const before = await lab.vipPacketsOnWire();
    expect(await lab.pod('a').probe.connect({ host: '172.30.0.99', port: 80, timeoutMs: 200 })).not.toMatchObject({
      kind: 'answered',
    });
    expect(await lab.vipPacketsOnWire()).toBeGreaterThan(before);
    expect(await lab.invalidPackets()).toBe(0);
  });
});

it('leaves nothing behind', async () => {
  const lab = await Lab.create({ wiring: { kind: 'bridge', callIptables: true }, pods: PODS });
  await lab.pod('a').probe.serve('a', 80);
  await lab.pod('a').rawProbe.serve('a', 81);
  await lab.dispose();
  expect(readdirSync('/run/netns').filter((name) => name.startsWith(lab.prefix))).toEqual([]);
  expect(readdirSync('/tmp').filter((name) => name.startsWith(lab.prefix))).toEqual([]);
  expect((await readFile('/proc/mounts', 'utf8')).includes(lab.prefix)).toBe(false);
}, 60_000);
