/** Builders of API objects as the API server prints them: they default everything but the point of a test. */

export type RawObject = Readonly<Record<string, unknown>>;

export const NODE = 'node-a';
export const OTHER_NODE = 'node-b';

/** A ClusterIP Service ns1/svc1 with port 80/TCP; `spec`, `status` and `metadata` are merged over it. */
export function rawService(over: {
  readonly metadata?: RawObject;
  readonly spec?: RawObject;
  readonly status?: RawObject;
}): RawObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'svc1', namespace: 'ns1', creationTimestamp: '2026-01-01T00:00:00Z', ...over.metadata },
    spec: {
      type: 'ClusterIP',
      clusterIP: '172.30.0.41',
      clusterIPs: ['172.30.0.41'],
      ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }],
      ...over.spec,
    },
    status: { loadBalancer: {}, ...over.status },
  };
}

/** A ready endpoint on another node; conditions and the rest are merged over it. */
export function rawEndpoint(address: string, over: RawObject = {}): RawObject {
  return {
    addresses: [address],
    conditions: { ready: true, serving: true, terminating: false },
    nodeName: OTHER_NODE,
    ...over,
  };
}

/** A slice ns1/svc1-x of Service ns1/svc1 with one unnamed port 80/TCP. */
export function rawSlice(over: { readonly metadata?: RawObject } & RawObject): RawObject {
  const { metadata, ...rest } = over;
  const name = 'svc1-x';
  const labels = { 'kubernetes.io/service-name': 'svc1' };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'ns1', labels, ...(metadata as RawObject | undefined) },
    addressType: 'IPv4',
    ports: [{ name: '', port: 80, protocol: 'TCP' }],
    endpoints: [],
    ...rest,
  };
}

/** This node with these InternalIPs. */
export function rawNode(
  addresses: readonly string[],
  over: { readonly zone?: string; readonly spec?: RawObject } = {},
): RawObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: NODE, labels: over.zone === undefined ? {} : { 'topology.kubernetes.io/zone': over.zone } },
    spec: over.spec ?? {},
    status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
  };
}
