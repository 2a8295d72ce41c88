/** What the load balancer reads of a Service. */
export interface Service {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly finalizers?: readonly string[];
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly type?: string;
    readonly loadBalancerClass?: string;
    readonly ipFamilies?: readonly string[];
    readonly externalTrafficPolicy?: string;
    readonly sessionAffinity?: string;
    readonly healthCheckNodePort?: number;
  };
  readonly status: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
}

/** What it reads of a Node. */
export interface Node {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** Held on every Service that was given an address, until the address is taken back. */
export const CLEANUP_FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';

export function wantsAddress({ metadata, spec }: Service): boolean {
  return (
    spec.type === 'LoadBalancer' && metadata.deletionTimestamp === undefined && spec.loadBalancerClass === undefined
  );
}

/** The InternalIPs of the nodes that are Ready. */
export function readyAddresses(nodes: readonly Node[]): readonly (readonly string[])[] {
  return nodes
    .filter(({ status }) => status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'))
    .map(({ status }) =>
      (status.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address),
    );
}
