import { cidrContains, cidrFamily, hostCidr } from '../model/cidr.ts';
import { exact } from '../model/exact.ts';
import { type Cidr, type Family, familyOf, type Ip } from '../model/ip.ts';
import type { Service, ServicePortSpec } from '../model/service.ts';
import { type ClientActions, everyone } from './client-actions.ts';
import type { Frontend } from './state.ts';

/** Where clients of one family reach a Service. */
export interface Addresses {
  readonly family: Family;
  readonly clusterIp: Ip;
  readonly externalIps: readonly Ip[];
  readonly loadBalancerIps: readonly Ip[];
  /** Sources allowed to dial an LB VIP; undefined: none at all. */
  readonly sourceRanges: readonly Cidr[] | undefined;
}

/** The Service's addresses of one family; `primary` is the node's own. */
export function addressesOf(service: Service, clusterIp: Ip, primary: Ip | undefined): Addresses {
  const family = familyOf(clusterIp);
  const inFamily = (ip: Ip): boolean => familyOf(ip) === family;
  const loadBalancerIps = service.loadBalancerIps.filter(inFamily);
  const sourceRanges = planSourceRanges(service, family, { loadBalancerIps, primary });
  return { family, clusterIp, externalIps: service.externalIps.filter(inFamily), loadBalancerIps, sourceRanges };
}

export function isExternallyAccessible(spec: ServicePortSpec, addresses: Addresses): boolean {
  return spec.nodePort !== undefined || addresses.loadBalancerIps.length > 0 || addresses.externalIps.length > 0;
}

/** Frontends of one service port. An address of several kinds keeps the first, so that source ranges hold. */
export function planFrontends(
  spec: ServicePortSpec,
  addresses: Addresses,
  actions: { readonly internal: ClientActions; readonly external: ClientActions },
): readonly Frontend[] {
  const { port } = spec;
  const { clusterIp, externalIps, loadBalancerIps, sourceRanges } = addresses;
  const external = { port, sourceRanges: NO_RANGES, clients: actions.external };
  const balanced = {
    port,
    sourceRanges: sourceRanges ?? [],
    clients: sourceRanges === undefined ? everyone({ kind: 'drop' }) : actions.external,
  };
  const frontends: Frontend[] = [
    { kind: 'ClusterIP', address: clusterIp, port, sourceRanges: NO_RANGES, clients: actions.internal },
    ...loadBalancerIps.map((address): Frontend => ({ kind: 'LoadBalancer', address, ...balanced })),
    ...externalIps.map((address): Frontend => ({ kind: 'ExternalIP', address, ...external })),
  ];
  const seen = new Set<Ip | undefined>();
  const unique = frontends.filter(({ address }) => !seen.has(address) && seen.add(address));
  if (spec.nodePort === undefined) return exact(unique);
  return [...unique, { kind: 'NodePort', address: undefined, ...external, port: spec.nodePort }];
}

function planSourceRanges(
  service: Service,
  family: Family,
  node: { readonly loadBalancerIps: readonly Ip[]; readonly primary: Ip | undefined },
): readonly Cidr[] | undefined {
  const ranges = service.sourceRanges.filter((range) => cidrFamily(range) === family);
  // A range that could not be read may have been this family's only one: nobody is safer than everybody.
  if (ranges.length === 0 && service.hasRefusedRange) return undefined;
  const { primary, loadBalancerIps } = node;
  // A packet of the node to a VIP that loops back has the VIP as its source.
  const loops = primary !== undefined && ranges.some((range) => cidrContains(range, primary));
  return exact(loops ? [...ranges, ...loadBalancerIps.map(hostCidr)] : ranges);
}

const NO_RANGES: readonly Cidr[] = [];
