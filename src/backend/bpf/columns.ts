import { type Column, EMPTY_COLUMN } from '../../abi/column.ts';
import { ColumnFlag, Scope, Verdict } from '../../abi/generated.ts';
import type { Action, Client, Frontend, ServicePort } from '../../plan/state.ts';
import type { SlotRange } from './image/slot-ranges.ts';

export type SetName = 'cluster' | 'local';

/** A column before its set has a place. */
export type LoweredColumn =
  | { readonly kind: 'none' | 'reject' | 'drop' }
  | { readonly kind: 'forward'; readonly set: SetName; readonly flags: number };

/** Scope of a frontend: which half of the columns it uses, and whether source ranges apply. */
export function scopeOf(frontend: Frontend): Scope {
  switch (frontend.kind) {
    case 'ClusterIP':
      return Scope.INTERNAL;
    case 'NodePort':
    case 'ExternalIP':
      return Scope.EXTERNAL;
    case 'LoadBalancer':
      return Scope.LOAD_BALANCER;
  }
}

/** The six columns in the order of struct service. */
export function lowerColumns(servicePort: ServicePort): readonly LoweredColumn[] {
  return [
    ...lowerHalf(servicePort, internalFrontend(servicePort)),
    ...lowerHalf(servicePort, externalFrontend(servicePort)),
  ];
}

/**
 * The frontend that decides for all external ones. An LB VIP may differ from the others by being closed,
 * which its source ranges express.
 */
export function externalFrontend(servicePort: ServicePort): Frontend | undefined {
  return (
    servicePort.frontends.find(({ kind }) => kind === 'NodePort' || kind === 'ExternalIP') ??
    servicePort.frontends.find(({ kind }) => kind === 'LoadBalancer')
  );
}

export function placeColumn(column: LoweredColumn, ranges: Readonly<Record<SetName, SlotRange | undefined>>): Column {
  switch (column.kind) {
    case 'none':
      return EMPTY_COLUMN;
    case 'reject':
      return { ...EMPTY_COLUMN, verdict: Verdict.REJECT };
    case 'drop':
      return { ...EMPTY_COLUMN, verdict: Verdict.DROP };
    case 'forward': {
      const range = ranges[column.set];
      if (range === undefined) throw new Error(`The ${column.set} set has no place`);
      return { verdict: Verdict.FORWARD, offset: range.offset, size: range.size, flags: column.flags };
    }
  }
}

function internalFrontend(servicePort: ServicePort): Frontend | undefined {
  return servicePort.frontends.find(({ kind }) => kind === 'ClusterIP');
}

function lowerHalf(servicePort: ServicePort, frontend: Frontend | undefined): readonly LoweredColumn[] {
  if (frontend === undefined) return CLIENTS.map(() => NONE);
  return CLIENTS.map((client) => lowerAction(servicePort, frontend, client));
}

function lowerAction(servicePort: ServicePort, frontend: Frontend, client: Client): LoweredColumn {
  const action = frontend.clients[client];
  if (action.kind !== 'forward') return action;
  if (servicePort[action.scope].length === 0) return { kind: 'reject' }; // as a Service without endpoints
  const flags =
    (action.masquerade ? ColumnFlag.MASQUERADE : 0) |
    (action.scope === 'local' ? ColumnFlag.LOCAL : 0) |
    (mayRewriteSocket(servicePort, frontend, client) ? ColumnFlag.SOCKET : 0);
  return { kind: 'forward', set: action.scope, flags };
}

/**
 * A socket hook knows that it serves the node, but not which source address a pod's packets will have:
 * there the verdict must not depend on it.
 */
function mayRewriteSocket(servicePort: ServicePort, frontend: Frontend, client: Client): boolean {
  if (client === 'node') return true;
  if (client === 'other' || servicePort.affinitySeconds > 0) return false;
  const { pod, other } = frontend.clients;
  return isPlainForward(pod) && other.kind === 'forward' && other.scope === pod.scope;
}

function isPlainForward(action: Action): action is Extract<Action, { kind: 'forward' }> {
  return action.kind === 'forward' && !action.masquerade;
}

const NONE: LoweredColumn = { kind: 'none' };
const CLIENTS: readonly Client[] = ['pod', 'node', 'other']; // as enum client
