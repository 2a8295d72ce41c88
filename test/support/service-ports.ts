import type { Cidr, Family, Ip } from '../../src/model/ip.ts';
import type { Port, Protocol } from '../../src/model/port.ts';
import type {
  Action,
  Client,
  Endpoint,
  Frontend,
  FrontendKind,
  NodeState,
  ServicePort,
  ServicePortKey,
} from '../../src/plan/state.ts';

/** Service ports as the planner makes them; everything but the point has a default. */
export function buildServicePort(point: Partial<ServicePort> & { readonly name?: string } = {}): ServicePort {
  const { name = 'web', protocol = 'TCP', family = 'IPv4', ...rest } = point;
  const endpoints = rest.cluster ?? [buildEndpoint()];
  return {
    key: keyOf({ name, protocol, family }),
    service: `ns/${name}`,
    portName: 'http',
    protocol,
    family,
    affinitySeconds: 0,
    frontends: [buildFrontend()],
    cluster: endpoints,
    local: [],
    serving: endpoints,
    ...rest,
  };
}

export function keyOf(name: {
  readonly name: string;
  readonly protocol?: Protocol;
  readonly family?: Family;
}): ServicePortKey {
  return `ns/${name.name}:http/${name.protocol ?? 'TCP'}/${name.family ?? 'IPv4'}` as ServicePortKey;
}

export function buildEndpoint(
  point: { readonly ip?: string; readonly port?: number; readonly local?: boolean } = {},
): Endpoint {
  const { ip = '10.1.0.1', port = 8080, local = false } = point;
  return { ip: ip as Ip, port: port as Port, local, serving: true, terminating: false };
}

export function buildFrontend(
  point: {
    readonly kind?: FrontendKind;
    readonly address?: string | undefined;
    readonly port?: number;
    readonly sourceRanges?: readonly Cidr[];
    readonly clients?: Partial<Record<Client, Action>>;
  } = {},
): Frontend {
  const { kind = 'ClusterIP', port = 80, sourceRanges = [], clients = {} } = point;
  const address = 'address' in point ? point.address : '10.0.0.1';
  return {
    kind,
    address: address as Ip | undefined,
    port: port as Port,
    sourceRanges,
    clients: { pod: FORWARD, node: FORWARD, other: FORWARD, ...clients },
  };
}

export const FORWARD: Action = { kind: 'forward', scope: 'cluster', masquerade: false };
export const MASQUERADE: Action = { kind: 'forward', scope: 'cluster', masquerade: true };
export const FORWARD_LOCAL: Action = { kind: 'forward', scope: 'local', masquerade: false };

export function buildNode(point: Partial<NodeState> = {}): NodeState {
  return {
    name: 'node1',
    addresses: ['192.168.0.1' as Ip],
    localDetector: { IPv4: { cidrs: [{ ip: '10.1.0.0' as Ip, prefixLength: 24 }] }, IPv6: undefined },
    nodePortAddresses: { IPv4: { kind: 'all', localhost: true }, IPv6: { kind: 'all', localhost: false } },
    ...point,
  };
}

/** By key, as a delta or a state has them. */
export function byKey(...ports: readonly ServicePort[]): ReadonlyMap<ServicePortKey, ServicePort> {
  return new Map(ports.map((port) => [port.key, port]));
}
