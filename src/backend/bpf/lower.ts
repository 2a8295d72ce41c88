import type { Backend, FrontendKey, SourceRangeKey } from '../../abi/generated.ts';
import { BackendFlag, MemberFlag, ServiceFlag } from '../../abi/generated.ts';
import { type Cidr, type Family, familyOf, type Ip } from '../../model/ip.ts';
import type { Protocol } from '../../model/port.ts';
import type { Endpoint, Frontend, ServicePort, ServicePortKey } from '../../plan/state.ts';
import { externalFrontend, type LoweredColumn, lowerColumns, type SetName, scopeOf } from './columns.ts';
import type { Policy } from './write.ts';

/** A service port as the maps hold it, all but its ids and places. */
export interface LoweredService {
  readonly key: ServicePortKey;
  readonly columns: readonly LoweredColumn[];
  /** Sets that a column forwards to, in the plan's order. */
  readonly sets: Readonly<Record<SetName, readonly Backend[]>>;
  /** Empty: no program will ask. */
  readonly members: readonly { readonly row: Backend; readonly flags: number }[];
  readonly policy: Policy;
  readonly frontends: readonly LoweredFrontend[];
  readonly sourceRanges: readonly LoweredRange[];
}

export interface LoweredFrontend {
  readonly key: FrontendKey;
  readonly scope: number;
}

/** A source_ranges key but for its service; prefixlen counts the service's 32 bits. */
export type LoweredRange = Omit<SourceRangeKey, 'serviceId'>;

export function lower(servicePort: ServicePort): LoweredService {
  const columns = lowerColumns(servicePort);
  const rows = (set: SetName): readonly Backend[] =>
    columns.some((column) => column.kind === 'forward' && column.set === set)
      ? servicePort[set].map((endpoint) => lowerEndpoint(servicePort, endpoint))
      : [];
  const sets = { cluster: rows('cluster'), local: rows('local') };
  const members = lowerMembers(servicePort);
  const balanced = servicePort.frontends.filter(({ kind }) => kind === 'LoadBalancer');
  const sourceRanges = balanced[0]?.sourceRanges ?? [];
  const isFiltered = sourceRanges.length > 0 || balanced.some((frontend) => isClosed(frontend, servicePort));
  return {
    key: servicePort.key,
    columns,
    sets,
    members,
    policy: {
      affinitySec: servicePort.affinitySeconds,
      flags: (needsMembers(servicePort) ? ServiceFlag.MEMBERS : 0) | (isFiltered ? ServiceFlag.RANGES : 0),
    },
    frontends: servicePort.frontends.map((frontend) => lowerFrontend(servicePort, frontend)),
    sourceRanges: sourceRanges.map(lowerRange),
  };
}

export const IP_PROTOCOL: Readonly<Record<Protocol, number>> = { TCP: 6, UDP: 17, SCTP: 132 };

/** LB VIPs that nobody may dial, beside external frontends that somebody may: ranges with no row allow nobody. */
function isClosed(frontend: Frontend, servicePort: ServicePort): boolean {
  const decider = externalFrontend(servicePort);
  return (
    Object.values(frontend.clients).every((action) => action.kind === 'drop') &&
    decider !== undefined &&
    Object.values(decider.clients).some((action) => action.kind !== 'drop')
  );
}

/** Who may move a flow to another backend must know where it may stay: UDP and SCTP flows, and affinity. */
function needsMembers(servicePort: ServicePort): boolean {
  return servicePort.protocol !== 'TCP' || servicePort.affinitySeconds > 0;
}

function lowerMembers(servicePort: ServicePort): LoweredService['members'] {
  if (!needsMembers(servicePort)) return [];
  const members = new Map<string, { readonly row: Backend; readonly flags: number }>();
  const add = (endpoint: Endpoint, flag: number): void => {
    const name = `${endpoint.ip} ${endpoint.port}`;
    const known = members.get(name);
    members.set(name, { row: lowerEndpoint(servicePort, endpoint), flags: (known?.flags ?? 0) | flag });
  };
  for (const endpoint of servicePort.cluster) add(endpoint, MemberFlag.CLUSTER);
  for (const endpoint of servicePort.local) add(endpoint, MemberFlag.LOCAL);
  for (const endpoint of servicePort.serving) add(endpoint, MemberFlag.SERVING);
  return [...members.values()];
}

function lowerEndpoint({ protocol }: ServicePort, { ip, port, local }: Endpoint): Backend {
  return { addr: ip, port, proto: IP_PROTOCOL[protocol], flags: local ? BackendFlag.LOCAL : 0 };
}

function lowerFrontend({ protocol, family }: ServicePort, frontend: Frontend): LoweredFrontend {
  const addr = frontend.address ?? UNSPECIFIED[family];
  return { key: { addr, port: frontend.port, proto: IP_PROTOCOL[protocol] }, scope: scopeOf(frontend) };
}

function lowerRange({ ip, prefixLength }: Cidr): LoweredRange {
  const mapped = familyOf(ip) === 'IPv4' ? 96 : 0;
  return { prefixlen: 32 + mapped + prefixLength, addr: ip };
}

export const UNSPECIFIED: Readonly<Record<Family, Ip>> = {
  IPv4: '0.0.0.0' as Ip, // canonical as written
  IPv6: '::' as Ip, // canonical as written
};
