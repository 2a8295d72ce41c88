import type { DataplaneState, ServicePort } from '../../plan/state.ts';
import type { Labels } from './metric.ts';

/** Service ports whose Local policy leaves no endpoint while there are some elsewhere: their packets are dropped. */
export function* countNoLocalEndpoints({ servicePorts }: DataplaneState): Generator<readonly [Labels, number]> {
  for (const family of ['IPv4', 'IPv6'] as const) {
    let [internal, external] = [0, 0];
    for (const servicePort of servicePorts.values()) {
      if (servicePort.family !== family) continue;
      if (hasDropped(servicePort, true)) internal += 1;
      if (hasDropped(servicePort, false)) external += 1;
    }
    yield [{ ip_family: family, traffic_policy: 'internal' }, internal];
    yield [{ ip_family: family, traffic_policy: 'external' }, external];
  }
}

function hasDropped({ frontends }: ServicePort, isInternal: boolean): boolean {
  return frontends.some(({ kind, clients }) => {
    const client = isInternal ? clients.pod : clients.other;
    return (kind === 'ClusterIP') === isInternal && client.kind === 'drop';
  });
}
