import { parseCidr } from '../model/cidr.ts';
import type { Cidr } from '../model/ip.ts';
import { accept, type Parse, refuse } from '../model/parse.ts';

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

/** Reads kube-proxy's nodePortAddresses: CIDRs and the keywords primary, localhost and all, mixed at will. */
export function parseNodePortAddresses(texts: readonly string[]): Parse<readonly NodePortSelector[]> {
  const selectors: NodePortSelector[] = [];
  for (const text of texts) {
    const cidr = parseCidr(text);
    if (text === 'primary' || text === 'localhost' || text === 'all') selectors.push(text);
    else if (cidr.ok) selectors.push(cidr.value);
    else return refuse(`${cidr.reason}, or one of primary, localhost and all`);
  }
  return accept(selectors);
}
