import type { Family, Ip } from './ip.ts';
import type { Port, Protocol } from './port.ts';

export interface SlicePort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: Port;
}

/** One address of a slice; it serves on every port of the slice. Kept small: a node holds 100,000. */
export interface SliceEndpoint {
  readonly ip: Ip;
  readonly nodeName: string | undefined;
  readonly conditions: EndpointConditions;
  readonly hints: EndpointHints;
}

export interface EndpointConditions {
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

/** Names of the zones and nodes that should use an endpoint. */
export interface EndpointHints {
  readonly zones: readonly string[];
  readonly nodes: readonly string[];
}

/** What the planner reads of a discovery.k8s.io/v1 EndpointSlice. */
export interface EndpointSlice {
  readonly kind: 'EndpointSlice';
  readonly namespace: string;
  readonly name: string;
  /** "namespace/name" of its Service; undefined: a headless Service's, nobody's business here. */
  readonly service: string | undefined;
  readonly family: Family;
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
  /** Parts that were refused while the rest stands. */
  readonly problems: readonly string[];
}
