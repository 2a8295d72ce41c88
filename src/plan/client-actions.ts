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
    if (!selection.hasAny) return REJECT;
    if (policy === 'local' && selection.local.length === 0) return DROP;
    return forward(policy, masqueraded);
  };
  // Without a detector every client might be a pod.
  const foreign = act(masquerade.all || masquerade.hasDetector);
  return { pod: act(masquerade.all), node: foreign, other: foreign };
}

/** The columns of NodePorts, external IPs and LB VIPs: they don't depend on masqueradeAll. */
export function externalActions(policy: TrafficPolicy, selection: Selection, masquerade: Masquerade): ClientActions {
  if (!selection.hasAny) return everyone(REJECT);
  if (policy === 'cluster') return everyone(forward('cluster', true));
  const other = selection.local.length > 0 ? forward('local', false) : DROP;
  // Traffic of this node short-circuits the load balancer, which would have brought it anywhere in the cluster.
  return { pod: masquerade.hasDetector ? forward('cluster', false) : other, node: forward('cluster', true), other };
}

export function everyone(action: Action): ClientActions {
  return { pod: action, node: action, other: action };
}

// Shared by all frontends of all Services.
const REJECT: Action = { kind: 'reject' };
const DROP: Action = { kind: 'drop' };
const PLAIN = {
  cluster: { kind: 'forward', scope: 'cluster', masquerade: false },
  local: { kind: 'forward', scope: 'local', masquerade: false },
} as const;
const MASQUERADED = {
  cluster: { kind: 'forward', scope: 'cluster', masquerade: true },
  local: { kind: 'forward', scope: 'local', masquerade: true },
} as const;

function forward(scope: TrafficPolicy, masquerade: boolean): Action {
  return (masquerade ? MASQUERADED : PLAIN)[scope];
}
