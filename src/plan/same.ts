import type { Cidr } from '../model/ip.ts';
import type { Action, Client, Endpoint, Frontend, ServicePort } from './state.ts';

/** Whether two plans of the same service port say the same: a resync must not cause writes. */
export function sameServicePort(a: ServicePort, b: ServicePort): boolean {
  return (
    a.key === b.key &&
    a.affinitySeconds === b.affinitySeconds &&
    sameList(a.frontends, b.frontends, sameFrontend) &&
    sameList(a.cluster, b.cluster, sameEndpoint) &&
    sameList(a.local, b.local, sameEndpoint) &&
    sameList(a.serving, b.serving, sameEndpoint)
  );
}

function sameList<T>(a: readonly T[], b: readonly T[], same: (a: T, b: T) => boolean): boolean {
  return (
    a.length === b.length &&
    a.every((item, index) => {
      const other = b[index];
      return other !== undefined && same(item, other);
    })
  );
}

function sameFrontend(a: Frontend, b: Frontend): boolean {
  return (
    a.kind === b.kind &&
    a.address === b.address &&
    a.port === b.port &&
    sameList(a.sourceRanges, b.sourceRanges, sameCidr) &&
    CLIENTS.every((client) => sameAction(a.clients[client], b.clients[client]))
  );
}

function sameAction(a: Action, b: Action): boolean {
  if (a.kind !== 'forward' || b.kind !== 'forward') return a.kind === b.kind;
  return a.scope === b.scope && a.masquerade === b.masquerade;
}

function sameCidr(a: Cidr, b: Cidr): boolean {
  return a.ip === b.ip && a.prefixLength === b.prefixLength;
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a === b ||
    (a.ip === b.ip &&
      a.port === b.port &&
      a.local === b.local &&
      a.serving === b.serving &&
      a.terminating === b.terminating)
  );
}

const CLIENTS: readonly Client[] = ['pod', 'node', 'other'];
