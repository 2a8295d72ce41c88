import type { Cidr, Ip } from './ip.ts';

/** What the planner reads of a v1 Node. */
export interface Node {
  readonly kind: 'Node';
  readonly name: string;
  /** InternalIPs first, then ExternalIPs, each in the order of the object. */
  readonly addresses: readonly Ip[];
  readonly podCidrs: readonly Cidr[];
  /** Label topology.kubernetes.io/zone. */
  readonly zone: string | undefined;
  /** It is being deleted, or the cluster autoscaler is about to: new traffic should go elsewhere. */
  readonly isLeaving: boolean;
  /** Parts that were refused while the rest stands. */
  readonly problems: readonly string[];
}
