import type { Cidr } from '../model/ip.ts';

export type DetectLocalMode = 'ClusterCIDR' | 'NodeCIDR' | 'BridgeInterface' | 'InterfaceNamePrefix';

/** One entry of kube-proxy's nodePortAddresses: a CIDR or a keyword. */
export type NodePortSelector = Cidr | 'primary' | 'localhost' | 'all';

/** What of the configuration decides the dataplane state. */
export interface PlanConfig {
  readonly nodeName: string;
  /** The first of each family counts. */
  readonly clusterCidrs: readonly Cidr[];
  /** The interface modes give no detector yet. */
  readonly detectLocalMode: DetectLocalMode;
  readonly masqueradeAll: boolean;
  /** Empty: all. */
  readonly nodePortAddresses: readonly NodePortSelector[];
  /** IPv4 NodePorts also on loopback, for the node itself. */
  readonly localhostNodePorts: boolean;
  /** Feature gate: node hints count. */
  readonly preferSameTrafficDistribution: boolean;
}
