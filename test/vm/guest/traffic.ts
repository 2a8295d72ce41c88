import { deepStrictEqual, ok } from 'node:assert/strict';
import type { Lab } from '../../support/lab.ts';
import type { TrafficOrder } from '../../support/probe/protocol.ts';
import { PATIENCE_MS, type Probe } from '../../support/probe.ts';
import { PORT, VIP } from '../../support/world.ts';

export interface RunningTraffic {
  readonly probe: Probe;
  readonly traffic: number;
}

/** Kinds of clients by both paths, at a pace that leaves an emulated processor time for the agent. */
export function startTraffic(lab: Lab): Promise<readonly RunningTraffic[]> {
  const traffic = (kind: TrafficOrder['kind'], host: string): TrafficOrder => ({
    kind,
    target: { host, port: PORT, timeoutMs: PATIENCE_MS },
    perSecond: 2,
  });
  const { probe, rawProbe } = lab.pod('a');
  const orders: readonly (readonly [Probe, TrafficOrder])[] = [
    [probe, traffic('held-tcp', VIP.web.ipv4)],
    [rawProbe, traffic('held-tcp', VIP.web.ipv6)],
    [rawProbe, traffic('new-tcp', VIP.web.ipv4)],
    [lab.node.probe, traffic('new-udp', VIP.web.ipv6)],
  ];
  return Promise.all(
    orders.map(async ([client, order]) => ({ probe: client, ...(await client.call('traffic-start', order)) })),
  );
}

/** Throws unless every attempt was answered. */
export async function stopTraffic(running: readonly RunningTraffic[]): Promise<void> {
  for (const { probe, traffic } of running) {
    const report = await probe.call('traffic-stop', { traffic });
    deepStrictEqual(report.failures, {});
    ok(report.answered > 0);
  }
}
