import { NODE_NAME } from '../../test/support/addresses.ts';

export const SERVICES = 10_000;
const ENDPOINTS = 10;

/** A Service with its slice, as `kubectl get -o json` prints them. `salt` moves the last endpoint elsewhere. */
export function serviceWithSlice(index: number, salt = 0): readonly object[] {
  const name = `service-${index}`;
  return [service(name, index), slice(name, index, salt)];
}

/** Of all Services. */
export const CLUSTER_IPS = '172.30.0.0/16';
/** The first three numbers of addresses that clusterIpOf never gives. */
export const OWN_CLUSTER_IPS = '172.30.0';

export function clusterIpOf(index: number): string {
  return `172.30.${1 + (index >> 8)}.${index & 255}`;
}

function service(name: string, index: number): object {
  const ip = clusterIpOf(index);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata(name, index), labels: { app: name, 'app.kubernetes.io/managed-by': 'Helm' } },
    spec: {
      clusterIP: ip,
      clusterIPs: [ip],
      internalTrafficPolicy: 'Cluster',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
      selector: { app: name },
      sessionAffinity: 'None',
      type: 'ClusterIP',
    },
    status: { loadBalancer: {} },
  };
}

function slice(name: string, index: number, salt: number): object {
  return {
    addressType: 'IPv4',
    apiVersion: 'discovery.k8s.io/v1',
    endpoints: Array.from({ length: ENDPOINTS }, (_, place) => endpoint(name, index, { place, salt })),
    kind: 'EndpointSlice',
    metadata: {
      ...metadata(`${name}-${index.toString(36)}`, index),
      labels: {
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'kubernetes.io/service-name': name,
      },
      ownerReferences: [
        { apiVersion: 'v1', blockOwnerDeletion: true, controller: true, kind: 'Service', name, uid: uid(index) },
      ],
    },
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}

function endpoint(name: string, index: number, at: { readonly place: number; readonly salt: number }): object {
  const { place, salt } = at;
  const number = index * ENDPOINTS + place;
  const moved = place === ENDPOINTS - 1 ? salt : 0;
  return {
    addresses: [`10.${64 + moved + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`],
    conditions: { ready: true, serving: true, terminating: false },
    nodeName: place === 0 ? NODE_NAME : `node-${place}`,
    targetRef: { kind: 'Pod', name: `${name}-${place}`, namespace: 'default', uid: uid(number) },
    zone: `zone-${place % 3}`,
  };
}

function metadata(name: string, index: number): object {
  return {
    creationTimestamp: '2026-01-01T00:00:00Z',
    name,
    namespace: 'default',
    resourceVersion: String(1_000_000 + index),
    uid: uid(index),
  };
}

function uid(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}
