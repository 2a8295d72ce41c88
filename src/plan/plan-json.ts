import { formatCidr } from '../model/cidr.ts';
import type { Family } from '../model/ip.ts';
import type { Protocol } from '../model/port.ts';
import type { Action, DataplaneState, Frontend, FrontendKind, Ignored, ServicePort } from './state.ts';
import { formatEndpoints } from './trace.ts';

export type PlanJsonAction =
  | { readonly action: 'forward'; readonly endpoints: readonly string[]; readonly masquerade: boolean }
  | { readonly action: 'reject' }
  | { readonly action: 'drop' };

export interface PlanJsonFrontend {
  /** "namespace/name" */
  readonly service: string;
  readonly portName: string;
  readonly kind: FrontendKind;
  /** null: a NodePort, on every address that nodePortAddresses selects. */
  readonly address: string | null;
  readonly port: number;
  readonly protocol: Protocol;
  readonly family: Family;
  readonly affinitySeconds: number;
  readonly sourceRanges: readonly string[];
  readonly clients: { readonly pod: PlanJsonAction; readonly node: PlanJsonAction; readonly other: PlanJsonAction };
}

/** What `bpfsvc plan -o json` prints: stable and sorted, so that two of them can be diffed. */
export interface PlanJson {
  readonly node: string;
  readonly frontends: readonly PlanJsonFrontend[];
  readonly ignored: readonly Ignored[];
}

export function toPlanJson(state: DataplaneState): PlanJson {
  const servicePorts = [...state.servicePorts.values()].sort((a, b) => compareText(a.key, b.key));
  return {
    node: state.node.name,
    frontends: servicePorts.flatMap((servicePort) =>
      servicePort.frontends.map((frontend) => toJson(frontend, servicePort)).sort(compareFrontends),
    ),
    ignored: state.ignored,
  };
}

function toJson(frontend: Frontend, servicePort: ServicePort): PlanJsonFrontend {
  const act = (action: Action): PlanJsonAction => {
    if (action.kind !== 'forward') return { action: action.kind };
    const endpoints = formatEndpoints(servicePort[action.scope]);
    return { action: 'forward', endpoints, masquerade: action.masquerade };
  };
  return {
    service: servicePort.service,
    portName: servicePort.portName,
    kind: frontend.kind,
    address: frontend.address ?? null,
    port: frontend.port,
    protocol: servicePort.protocol,
    family: servicePort.family,
    affinitySeconds: servicePort.affinitySeconds,
    sourceRanges: sourceRangesOf(frontend, servicePort),
    clients: { pod: act(frontend.clients.pod), node: act(frontend.clients.node), other: act(frontend.clients.other) },
  };
}

/** The Service's own ranges: the VIPs that the planner allows beside them are no news to a reader. */
function sourceRangesOf(frontend: Frontend, servicePort: ServicePort): readonly string[] {
  const vips = servicePort.frontends.filter(({ kind }) => kind === 'LoadBalancer').map(({ address }) => address);
  return frontend.sourceRanges
    .filter(({ ip, prefixLength }) => !(vips.includes(ip) && prefixLength === (ip.includes(':') ? 128 : 32)))
    .map(formatCidr)
    .sort();
}

function compareFrontends(a: PlanJsonFrontend, b: PlanJsonFrontend): number {
  return compareText(a.kind, b.kind) || compareText(a.address ?? '', b.address ?? '');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
