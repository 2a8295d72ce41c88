import type { TrafficPolicy } from '../model/service.ts';
import type { Selection } from './endpoint-selection.ts';
import type { Action, Client } from './state.ts';

export type ClientActions = Readonly<Record<Client, Action>>;

/** What of the node's configuration decides who is masqueraded. */
export interface Masquerade {
  /** Pods of this node can be told from others. */
  readonly hasDetector: boolean;
  readonly all: boolean;
}

/** The ClusterIP column of the decision table. */
export function internalActions(policy: TrafficPolicy, selection: Selection, masquerade: Masquerade): ClientActions {
  const act = (masqueraded: boolean): Action => {
    if (!selection.hasAny) return { kind: 'reject' };
    if (policy === 'local' && selection.local.length === 0) return { kind: 'drop' };
    return { kind: 'forward', scope: policy, masquerade: masqueraded };
  };
  // Without a detector every client might be a pod.
  const foreign = act(masquerade.all || masquerade.hasDetector);
  return { pod: act(masquerade.all), node: foreign, other: foreign };
}

/** The columns of NodePorts, external IPs and LB VIPs: they don't depend on masqueradeAll. */
export function externalActions(policy: TrafficPolicy, selection: Selection, masquerade: Masquerade): ClientActions {
  if (!selection.hasAny) return everyone({ kind: 'reject' });
  const toCluster = (masqueraded: boolean): Action => ({ kind: 'forward', scope: 'cluster', masquerade: masqueraded });
  if (policy === 'cluster') return everyone(toCluster(true));
  const other: Action =
    selection.local.length > 0 ? { kind: 'forward', scope: 'local', masquerade: false } : { kind: 'drop' };
  // Traffic of this node short-circuits the load balancer, which would have brought it anywhere in the cluster.
  return { pod: masquerade.hasDetector ? toCluster(false) : other, node: toCluster(true), other };
}

export function everyone(action: Action): ClientActions {
  return { pod: action, node: action, other: action };
}
