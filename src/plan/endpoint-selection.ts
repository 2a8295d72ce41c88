import type { EndpointConditions, SliceEndpoint } from '../model/endpoint-slice.ts';
import type { Endpoint } from './state.ts';

/** An endpoint of one service port with what its slice says of it. */
export interface Candidate {
  readonly endpoint: Endpoint;
  readonly source: SliceEndpoint;
}

/** Where this node is, for hints. */
export interface Topology {
  readonly nodeName: string;
  readonly zone: string | undefined;
  /** Feature gate: node hints count. */
  readonly preferSameTrafficDistribution: boolean;
}

/** Which sets a service port needs. */
export interface Wanted {
  readonly cluster: boolean;
  readonly local: boolean;
}

export interface Selection {
  /** Empty where not wanted. */
  readonly cluster: readonly Endpoint[];
  /** Empty where not wanted. */
  readonly local: readonly Endpoint[];
  /** Something usable exists somewhere in the cluster. */
  readonly hasAny: boolean;
}

/** kube-proxy's CategorizeEndpoints: keeps the order of the candidates. */
export function selectEndpoints(candidates: readonly Candidate[], wanted: Wanted, topology: Topology): Selection {
  const ready = candidates.filter(({ source }) => source.conditions.ready);
  const draining = candidates.filter(({ source }) => isDraining(source.conditions));
  const isLocal = ({ endpoint }: Candidate): boolean => endpoint.local;
  return {
    cluster: wanted.cluster ? firstUsed(preferred(ready, topology), draining) : NO_ENDPOINTS,
    // Hints never thin the local set.
    local: wanted.local ? firstUsed(ready.filter(isLocal), draining.filter(isLocal)) : NO_ENDPOINTS,
    hasAny: ready.length > 0 || draining.length > 0,
  };
}

const NO_ENDPOINTS: readonly Endpoint[] = [];

/** Terminating endpoints serve only where no ready one does. */
function firstUsed(ready: readonly Candidate[], draining: readonly Candidate[]): readonly Endpoint[] {
  return (ready.length > 0 ? ready : draining).map(({ endpoint }) => endpoint);
}

function isDraining(conditions: EndpointConditions): boolean {
  return !conditions.ready && conditions.serving && conditions.terminating;
}

/** Hints count only when every ready endpoint has one and at least one names this place. */
function preferred(ready: readonly Candidate[], topology: Topology): readonly Candidate[] {
  const { nodeName, zone, preferSameTrafficDistribution } = topology;
  if (preferSameTrafficDistribution && ready.every(({ source }) => source.hints.nodes.length > 0)) {
    const onNode = ready.filter(({ source }) => source.hints.nodes.includes(nodeName));
    if (onNode.length > 0) return onNode;
  }
  if (zone === undefined || !ready.every(({ source }) => source.hints.zones.length > 0)) return ready;
  const inZone = ready.filter(({ source }) => source.hints.zones.includes(zone));
  return inZone.length > 0 ? inZone : ready;
}
