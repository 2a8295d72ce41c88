import type { EndpointSlice } from '../model/endpoint-slice.ts';
import { flatText } from '../model/flat-text.ts';
import { type Family, familyOf, type Ip } from '../model/ip.ts';
import { collectProblems } from '../model/problems.ts';
import type { Service, ServicePortSpec } from '../model/service.ts';
import { gatherCandidates, indexSlicePorts, type SlicePortEntry, slicePortsOf } from './candidates.ts';
import { externalActions, internalActions } from './client-actions.ts';
import { selectEndpoints, type Topology } from './endpoint-selection.ts';
import { type Addresses, addressesOf, isExternallyAccessible, planFrontends } from './frontends.ts';
import type { Endpoint, ServicePort, ServicePortKey } from './state.ts';

/** What of the node decides the plan of a Service. */
export interface PlanContext {
  readonly topology: Topology;
  /** The node's first address of each family. */
  readonly primary: Readonly<Record<Family, Ip | undefined>>;
  readonly hasDetector: Readonly<Record<Family, boolean>>;
  readonly masqueradeAll: boolean;
}

export interface ServicePlan {
  /** With every frontend the Service asks for, whoever else asks for it. */
  readonly servicePorts: readonly ServicePort[];
  readonly problems: readonly string[];
}

/** The backends map of a node holds no more; one Service may not starve the others. */
const MOST_ENDPOINTS = 262_144;

/** Plans one Service; slices in order of their names. */
export function planService(service: Service, slices: readonly EndpointSlice[], context: PlanContext): ServicePlan {
  const index = indexSlicePorts(slices);
  const servicePorts: ServicePort[] = [];
  const problems = collectProblems();
  const nodePorts = new Set<string>();
  let endpoints = 0;
  for (const clusterIp of service.clusterIps) {
    const addresses = addressesOf(service, clusterIp, context.primary[familyOf(clusterIp)]);
    for (const spec of service.ports) {
      const entries = slicePortsOf(index, addresses.family, spec);
      endpoints += entries.reduce((sum, { slice }) => sum + slice.endpoints.length, 0);
      if (endpoints > MOST_ENDPOINTS) {
        problems.add(`The endpoints of all its ports are more than ${MOST_ENDPOINTS}: split the Service`);
        return { servicePorts, problems: problems.reasons() };
      }
      const claim = `${spec.nodePort}/${spec.protocol}/${addresses.family}`;
      const isRepeated = spec.nodePort !== undefined && nodePorts.has(claim);
      if (isRepeated) problems.add(`Node port ${claim} stands twice, the first holds: give one another number`);
      nodePorts.add(claim);
      servicePorts.push(
        planServicePort(isRepeated ? { ...spec, nodePort: undefined } : spec, { service, addresses, entries, context }),
      );
    }
  }
  return { servicePorts, problems: problems.reasons() };
}

function planServicePort(
  spec: ServicePortSpec,
  input: {
    readonly service: Service;
    readonly addresses: Addresses;
    readonly entries: readonly SlicePortEntry[];
    readonly context: PlanContext;
  },
): ServicePort {
  const { service, addresses, context } = input;
  const { family } = addresses;
  const candidates = gatherCandidates(input.entries, context.topology.nodeName);
  const external = isExternallyAccessible(spec, addresses);
  const internalLocal = service.internalTrafficPolicy === 'local';
  const wanted = {
    // Even where outsiders get only local endpoints, clients of this node reach all of them.
    cluster: !internalLocal || external,
    local: internalLocal || (external && service.externalTrafficPolicy === 'local'),
  };
  const selection = selectEndpoints(candidates, wanted, context.topology);
  const masquerade = { hasDetector: context.hasDetector[family], all: context.masqueradeAll };
  const serving = candidates
    .filter(({ source }) => source.conditions.serving || source.conditions.ready)
    .map(({ endpoint }) => endpoint);
  return {
    // The brand's constructor.
    key: flatText(service.path, ':', spec.name, '/', spec.protocol, '/', family) as ServicePortKey,
    service: service.path,
    portName: spec.name,
    protocol: spec.protocol,
    family,
    affinitySeconds: service.affinitySeconds,
    frontends: planFrontends(spec, addresses, {
      internal: internalActions(service.internalTrafficPolicy, selection, masquerade),
      external: externalActions(service.externalTrafficPolicy, selection, masquerade),
    }),
    cluster: selection.cluster,
    local: selection.local,
    serving: shared(serving, selection.cluster),
  };
}

/** One list in memory where both hold the same endpoints, as they do in nearly every Service. */
function shared(list: readonly Endpoint[], other: readonly Endpoint[]): readonly Endpoint[] {
  const isSame = list.length === other.length && list.every((endpoint, index) => endpoint === other[index]);
  return isSame ? other : list;
}
