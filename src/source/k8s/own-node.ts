import type { Op } from '../../model/op.ts';

/** Which node is ours, and what of it must be known before anything is served. */
export interface NodeNeeds {
  readonly name: string;
  /** The local detector goes by the node's own pod ranges. */
  readonly podCidrs: boolean;
}

/** As kube-proxy waits for it: the node's object with its addresses, and its pod ranges where they count. */
export interface OwnNode {
  /** What is still not there; undefined: nothing. */
  readonly missing: string | undefined;
  /** May this be told? Not that our own node is gone: a kubelet that registers anew should find all as it was. */
  keep(op: Op): boolean;
}

export function createOwnNode({ name, podCidrs }: NodeNeeds): OwnNode {
  let missing: string | undefined = 'its Node object';
  return {
    get missing() {
      return missing;
    },
    keep(op) {
      if (op.op === 'delete') return op.kind !== 'Node' || op.name !== name;
      if (op.op !== 'set' || op.object.kind !== 'Node' || op.object.name !== name) return true;
      if (op.object.addresses.length === 0) missing = 'an address in its status';
      else if (podCidrs && op.object.podCidrs.length === 0)
        missing = 'spec.podCIDRs, which --detect-local-mode=NodeCIDR needs';
      else missing = undefined;
      return true;
    },
  };
}
