import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of ./vectors; schemas in their own `about`. */
export interface VectorEndpoint {
  readonly addr: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly local: boolean;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
}

export interface TopologyCase {
  readonly id: string;
  readonly name: string;
  readonly node: { readonly name: string; readonly zone: string | null };
  readonly gates: { readonly PreferSameTrafficDistribution: boolean };
  readonly service: {
    readonly internalTrafficPolicyLocal: boolean;
    readonly externalTrafficPolicyLocal: boolean;
    readonly nodePort: number;
    readonly externalIPs: readonly string[];
    readonly loadBalancerVIPs: readonly string[];
  };
  readonly endpoints: readonly VectorEndpoint[];
  /** null: the set is not used by this Service. */
  readonly expect: {
    readonly cluster: readonly string[] | null;
    readonly local: readonly string[] | null;
    readonly reachable: readonly string[] | null;
    readonly hasAnyEndpoints: boolean;
  };
}

export interface VectorService {
  readonly name: string;
  readonly clusterIP: string;
  readonly ports: readonly {
    readonly port: number;
    readonly protocol: 'TCP' | 'UDP' | 'SCTP';
    readonly nodePort: number;
    readonly endpoints: readonly VectorEndpoint[];
  }[];
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
  readonly internalTrafficPolicy: 'Cluster' | 'Local';
  readonly externalIPs: readonly string[];
  readonly loadBalancerVIPs: readonly string[];
  readonly loadBalancerSourceRanges: readonly string[];
}

export interface VectorPacket {
  readonly name: string;
  readonly src: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly dst: string;
  readonly dport: number;
  readonly verdict: 'DNAT' | 'REJECT' | 'DROP' | 'PASS';
  readonly endpoints: readonly string[];
  readonly masquerade: boolean;
}

export interface VectorGroup {
  readonly id: string;
  readonly config: {
    readonly masqueradeAll: boolean;
    /** null: no detector. */
    readonly localCIDR: string | null;
    readonly nodeIPs: readonly string[];
    /** null: all. */
    readonly nodePortIPs: readonly string[] | null;
    readonly localhostNodePorts: boolean;
    readonly primaryNodeIP: string;
  };
  readonly services: readonly VectorService[];
  readonly packets: readonly VectorPacket[];
}

export function readTopologyCases(): readonly TopologyCase[] {
  const file = JSON.parse(readVectors('topology.json')) as { readonly cases: readonly TopologyCase[] }; // our own file
  return file.cases;
}

export function readDataplaneGroups(): readonly VectorGroup[] {
  const file = JSON.parse(readVectors('dataplane.json')) as { readonly groups: readonly VectorGroup[] }; // our own file
  return file.groups;
}

function readVectors(name: string): string {
  return readFileSync(join(import.meta.dirname, 'vectors', name), 'utf8');
}
