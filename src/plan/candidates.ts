import type { EndpointSlice, SlicePort } from '../model/endpoint-slice.ts';
import type { Family } from '../model/ip.ts';
import type { ServicePortSpec } from '../model/service.ts';
import type { Candidate } from './endpoint-selection.ts';

/** Slice ports by family, protocol and name: a Service may have thousands of ports. */
export type SlicePortIndex = ReadonlyMap<string, readonly SlicePortEntry[]>;

export interface SlicePortEntry {
  readonly slice: EndpointSlice;
  readonly port: SlicePort;
}

export function indexSlicePorts(slices: readonly EndpointSlice[]): SlicePortIndex {
  const index = new Map<string, SlicePortEntry[]>();
  for (const slice of slices) {
    for (const port of slice.ports) {
      const key = indexKey(slice.family, port);
      const entries = index.get(key);
      if (entries === undefined) index.set(key, [{ slice, port }]);
      else entries.push({ slice, port });
    }
  }
  return index;
}

/** The slice ports that serve a service port. */
export function slicePortsOf(index: SlicePortIndex, family: Family, spec: ServicePortSpec): readonly SlicePortEntry[] {
  return index.get(indexKey(family, spec)) ?? [];
}

/**
 * Endpoints sorted by address and port, each once: of duplicates the first in order of slice name stays, unless a later
 * one is local.
 */
export function gatherCandidates(entries: readonly SlicePortEntry[], nodeName: string): readonly Candidate[] {
  const all = entries.flatMap(({ slice, port }) =>
    slice.endpoints.map((source): Candidate => {
      const { ip, conditions } = source;
      const { serving, terminating } = conditions;
      const local = source.nodeName === nodeName && nodeName !== '';
      return { source, endpoint: { ip, port: port.port, local, serving, terminating } };
    }),
  );
  all.sort(compareCandidates); // stable: duplicates keep the order they were seen in
  const unique: Candidate[] = [];
  for (const candidate of all) {
    const previous = unique.at(-1);
    if (previous === undefined || compareCandidates(previous, candidate) !== 0) unique.push(candidate);
    else if (candidate.endpoint.local && !previous.endpoint.local) unique[unique.length - 1] = candidate;
  }
  return unique;
}

function indexKey(family: Family, port: { readonly name: string; readonly protocol: string }): string {
  return `${family}/${port.protocol}/${port.name}`;
}

function compareCandidates(a: Candidate, b: Candidate): number {
  if (a.endpoint.ip !== b.endpoint.ip) return a.endpoint.ip < b.endpoint.ip ? -1 : 1;
  return a.endpoint.port - b.endpoint.port;
}
