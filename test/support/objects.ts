import { type Addresses, bothOf } from './addresses.ts';

export interface EndpointSpec {
  readonly addresses: Addresses;
  /** Default: this node's name is not that of the endpoint. */
  readonly nodeName?: string;
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
}

export interface ServiceSpec {
  readonly name: string;
  /** Both families, or one. */
  readonly clusterIPs: readonly string[];
  /** Served for TCP and UDP. */
  readonly port: number;
  readonly targetPort: number;
  readonly nodePort?: number;
  readonly endpoints: readonly EndpointSpec[];
  /** Further fields of the Service's spec, as the API has them. */
  readonly spec?: object;
  readonly status?: object;
}

/** A Service with one port for TCP and one for UDP, and a slice for each of its families. */
export function serviceObjects(service: ServiceSpec): readonly object[] {
  return [
    serviceObject(service),
    ...service.clusterIPs.map((ip) => sliceObject(service, ip.includes(':') ? 'IPv6' : 'IPv4')),
  ];
}

function serviceObject(service: ServiceSpec): object {
  const { name, clusterIPs, port, targetPort, nodePort } = service;
  const port_ = (protocol: 'TCP' | 'UDP') => ({
    name: protocol.toLowerCase(),
    protocol,
    port,
    targetPort,
    ...(nodePort === undefined ? {} : { nodePort }),
  });
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', uid: `uid-${name}` },
    spec: {
      type: nodePort === undefined ? 'ClusterIP' : 'NodePort',
      clusterIP: clusterIPs[0],
      clusterIPs,
      ipFamilies: clusterIPs.map((ip) => (ip.includes(':') ? 'IPv6' : 'IPv4')),
      ports: [port_('TCP'), port_('UDP')],
      sessionAffinity: 'None',
      ...service.spec,
    },
    ...(service.status === undefined ? {} : { status: service.status }),
  };
}

function sliceObject(service: ServiceSpec, family: 'IPv4' | 'IPv6'): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${service.name}-${family.toLowerCase()}`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': service.name },
    },
    addressType: family,
    ports: (['TCP', 'UDP'] as const).map((protocol) => ({
      name: protocol.toLowerCase(),
      protocol,
      port: service.targetPort,
    })),
    endpoints: service.endpoints.map(({ addresses, nodeName, conditions }) => ({
      addresses: [family === 'IPv4' ? addresses.ipv4 : addresses.ipv6],
      conditions: { ready: true, ...conditions },
      ...(nodeName === undefined ? {} : { nodeName }),
    })),
  };
}

export function nodeObject(name: string, addresses: Addresses): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec: {},
    status: { addresses: bothOf(addresses).map((address) => ({ type: 'InternalIP', address })) },
  };
}
