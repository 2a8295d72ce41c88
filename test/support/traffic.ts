import { expect } from 'vitest';
import type { Lab } from './lab.ts';
import type { TrafficReport } from './probe/protocol.ts';
import { PORT, VIP } from './world.ts';

export type Traffic = readonly (() => Promise<TrafficReport>)[];

/** Of every kind of client of a serving lab: through the socket hooks, through the packets' path, and the node itself. */
export function startTraffic(lab: Lab): Promise<Traffic> {
  const probes = [lab.pod('a').probe, lab.pod('a').rawProbe, lab.node.probe];
  const started = probes.flatMap((probe) => [
    probe.traffic('held-tcp', { host: VIP.web.ipv4, port: PORT }, 100),
    probe.traffic('new-tcp', { host: VIP.web.ipv6, port: PORT }, 100),
    probe.traffic('new-udp', { host: VIP.web.ipv4, port: PORT }, 100),
  ]);
  return Promise.all(started);
}

/** Wants all of it answered. */
export async function stopTraffic(traffic: Traffic): Promise<void> {
  for (const stop of traffic) {
    const report = await stop();
    expect(report.failures).toEqual({});
    expect(report.answered).toBeGreaterThan(0);
  }
}
