import type { ModelObject } from '../../model/object.ts';

/** What is watched of the API. */
export interface Resource {
  readonly kind: ModelObject['kind'];
  readonly apiVersion: string;
  /** As RBAC names it. */
  readonly group: string;
  readonly name: string;
  readonly path: string;
  /** Query parameters that every request has. */
  readonly selectors: Readonly<Record<string, string>>;
}

/** As kube-proxy selects: what isn't for it never leaves the server. */
export const SERVICES: Resource = {
  kind: 'Service',
  apiVersion: 'v1',
  group: '',
  name: 'services',
  path: '/api/v1/services',
  selectors: { labelSelector: '!service.kubernetes.io/service-proxy-name', fieldSelector: 'spec.clusterIP!=None' },
};

export const ENDPOINT_SLICES: Resource = {
  kind: 'EndpointSlice',
  apiVersion: 'discovery.k8s.io/v1',
  group: 'discovery.k8s.io',
  name: 'endpointslices',
  path: '/apis/discovery.k8s.io/v1/endpointslices',
  selectors: { labelSelector: '!service.kubernetes.io/headless' },
};

export function ownNode(nodeName: string): Resource {
  return {
    kind: 'Node',
    apiVersion: 'v1',
    group: '',
    name: 'nodes',
    path: '/api/v1/nodes',
    selectors: { fieldSelector: `metadata.name=${nodeName}` },
  };
}

/** Path and query of a request. */
export function queryOf(resource: Resource, parameters: Readonly<Record<string, string>>): string {
  return `${resource.path}?${new URLSearchParams({ ...resource.selectors, ...parameters })}`;
}
