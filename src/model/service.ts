import type { Cidr, Ip } from './ip.ts';
import type { Port, Protocol } from './port.ts';

export type TrafficPolicy = 'cluster' | 'local';

/** One entry of spec.ports. */
export interface ServicePortSpec {
  /** Empty for the only port of a Service. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: Port;
  readonly nodePort: Port | undefined;
}

/** What the planner reads of a v1 Service. */
export interface Service {
  readonly kind: 'Service';
  readonly namespace: string;
  readonly name: string;
  /** "namespace/name" */
  readonly path: string;
  /** Unix time in milliseconds. */
  readonly created: number | undefined;
  /** At most one per family; none: headless, ExternalName, or another proxy's. */
  readonly clusterIps: readonly Ip[];
  readonly ports: readonly ServicePortSpec[];
  /** 0: no session affinity. */
  readonly affinitySeconds: number;
  readonly internalTrafficPolicy: TrafficPolicy;
  readonly externalTrafficPolicy: TrafficPolicy;
  readonly externalIps: readonly Ip[];
  /** Addresses of status.loadBalancer whose ipMode is VIP. */
  readonly loadBalancerIps: readonly Ip[];
  readonly sourceRanges: readonly Cidr[];
  /** A source range was refused: a family left without any must not be open to all. */
  readonly hasRefusedRange: boolean;
  /** Parts that were refused while the rest stands. */
  readonly problems: readonly string[];
}
