import type { Cidr, Family, Ip } from '../model/ip.ts';
import type { Port, Protocol } from '../model/port.ts';

/** Whom a verdict is for: the columns of the decision table. */
export type Client = 'pod' | 'node' | 'other';

export type FrontendKind = 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalIP';

/** The verdict for a new connection; `scope` names the set of the service port it is balanced over. */
export type Action =
  | { readonly kind: 'forward'; readonly scope: 'cluster' | 'local'; readonly masquerade: boolean }
  | { readonly kind: 'reject' }
  | { readonly kind: 'drop' };

/** One thing that serves: an address of the frontend's family and a port. */
export interface Endpoint {
  readonly ip: Ip;
  readonly port: Port;
  readonly local: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

/** What clients dial. */
export interface Frontend {
  readonly kind: FrontendKind;
  /** Absent: a NodePort, on every address that nodePortAddresses selects. */
  readonly address: Ip | undefined;
  readonly port: Port;
  /** Sources that may dial an LB VIP; empty: all. Includes the VIPs themselves where the node is in range. */
  readonly sourceRanges: readonly Cidr[];
  readonly clients: Readonly<Record<Client, Action>>;
}

/** "namespace/name:portName/PROTO/IPv4": unique, and stable over restarts. */
export type ServicePortKey = string & { readonly __brand: 'ServicePortKey' };

/** One port of one Service in one family: the unit that is planned, lowered and diffed. */
export interface ServicePort {
  readonly key: ServicePortKey;
  /** "namespace/name" */
  readonly service: string;
  readonly portName: string;
  readonly protocol: Protocol;
  readonly family: Family;
  /** 0: no session affinity. */
  readonly affinitySeconds: number;
  readonly frontends: readonly Frontend[];
  /** Sorted by address and port; empty where unused. Lists that hold the same may be one. */
  readonly cluster: readonly Endpoint[];
  readonly local: readonly Endpoint[];
  /** Every serving endpoint, selected or not: existing UDP flows to them stay. */
  readonly serving: readonly Endpoint[];
}

export interface Ignored {
  /** "Service ns1/broken" */
  readonly object: string;
  readonly reason: string;
}

/** Which sources the local detector takes for pods of this node; undefined: no detector. */
export type LocalDetector = { readonly cidrs: readonly Cidr[] } | undefined;

/** Addresses that serve NodePorts, of one family: all local ones but loopback, or those inside the CIDRs. */
export type NodePortAddresses =
  | { readonly kind: 'all'; readonly localhost: boolean }
  | { readonly kind: 'inside'; readonly cidrs: readonly Cidr[]; readonly localhost: boolean };

/** What holds for the node as a whole. */
export interface NodeState {
  readonly name: string;
  /** InternalIPs first, then ExternalIPs of the Node object. */
  readonly addresses: readonly Ip[];
  readonly localDetector: Readonly<Record<Family, LocalDetector>>;
  readonly nodePortAddresses: Readonly<Record<Family, NodePortAddresses>>;
}

/** Everything a backend needs, inert and printable. */
export interface DataplaneState {
  readonly node: NodeState;
  readonly servicePorts: ReadonlyMap<ServicePortKey, ServicePort>;
  readonly ignored: readonly Ignored[];
}

/** What differs from the state that was handed out before. */
export interface StateDelta {
  readonly updated: ReadonlyMap<ServicePortKey, ServicePort>;
  readonly removed: ReadonlySet<ServicePortKey>;
  /** Present when it changed. */
  readonly node: NodeState | undefined;
}
