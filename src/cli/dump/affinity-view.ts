import type { Affinity, AffinityKey } from '../../abi/generated.ts';

/** Where a client's next connection goes. */
export interface AffinityView {
  /** Its service's name; "": it is gone. */
  readonly service: string;
  readonly client: string;
  /** "10.0.0.1:80" */
  readonly backend: string;
  readonly idleSeconds: number;
  /** 0: it has run out and no longer counts. */
  readonly remainingSeconds: number;
}

export interface AffinityContext {
  /** CLOCK_MONOTONIC */
  readonly nowNs: bigint;
  readonly names: ReadonlyMap<number, string>;
  /** How long the affinity of a service id lasts. */
  readonly affinitySeconds: (serviceId: number) => number;
  readonly backend: (id: number) => string;
}

export function viewAffinity(key: AffinityKey, row: Affinity, context: AffinityContext): AffinityView {
  const idleSeconds = secondsSince(row.lastUsedNs, context.nowNs);
  return {
    service: context.names.get(key.serviceId) ?? '',
    client: key.client,
    backend: context.backend(row.backendId),
    idleSeconds,
    remainingSeconds: Math.max(0, context.affinitySeconds(key.serviceId) - idleSeconds),
  };
}

/** Whole seconds; a time in the future is now. */
function secondsSince(ns: bigint, nowNs: bigint): number {
  return ns > nowNs ? 0 : Number((nowNs - ns) / 1_000_000_000n);
}

/** "default/web:http/TCP/IPv4: 10.0.0.2 goes to 10.0.1.3:8080, for 120 s more" */
export function formatAffinity({ service, client, backend, remainingSeconds }: AffinityView): string {
  const rest = remainingSeconds === 0 ? 'run out' : `for ${remainingSeconds} s more`;
  return `${service === '' ? '(no service)' : service}: ${client} goes to ${backend}, ${rest}`;
}
