import { unpackColumn } from '../../abi/column.ts';
import {
  BackendFlag,
  ColumnFlag,
  type Frontend,
  type FrontendKey,
  MemberFlag,
  Scope,
  Verdict,
} from '../../abi/generated.ts';
import { formatAddress } from '../../model/ip.ts';
import type { Client, FrontendKind } from '../../plan/state.ts';
import { plainBigint } from './plain-value.ts';
import type { ServiceTables } from './service-tables.ts';

/** What the kernel does for one service port of one family. */
export interface ServiceView {
  /** "namespace/name:portName/PROTO/family"; "" where its name is missing. */
  readonly service: string;
  readonly id: number;
  /** 0: no session affinity. */
  readonly affinitySeconds: number;
  /** Of its LB VIPs; empty: all sources. */
  readonly sourceRanges: readonly string[];
  readonly frontends: readonly FrontendView[];
  readonly backends: readonly BackendView[];
  readonly connections: number | string;
  readonly rejects: number | string;
  readonly drops: number | string;
}

export interface FrontendView {
  readonly kind: FrontendKind;
  /** null: a NodePort, on every address of the node that serves them. */
  readonly address: string | null;
  readonly port: number;
  readonly clients: Readonly<Record<Client, ActionView>>;
}

export type ActionView =
  | {
      readonly action: 'forward';
      readonly set: SetName;
      readonly endpoints: readonly string[];
      readonly masquerade: boolean;
    }
  | { readonly action: 'reject' | 'drop' | 'none' };

export interface BackendView {
  /** "10.0.0.1:80" */
  readonly address: string;
  readonly id: number;
  readonly local: boolean;
  /** Sets that new connections are balanced over. */
  readonly sets: readonly SetName[];
  readonly state: 'in use' | 'draining';
  readonly connections: number | string;
}

type SetName = 'cluster' | 'local';

/** Joins the tables into a view of each service, sorted by name. */
export function viewServices(tables: ServiceTables): ServiceView[] {
  const ids = new Set([...tables.names.keys(), ...tables.frontends.keys()]);
  return [...ids].map((id) => viewService(tables, id)).sort((a, b) => compareText(a.service, b.service) || a.id - b.id);
}

function viewService(tables: ServiceTables, id: number): ServiceView {
  const { columns, affinitySec } = tables.service(id);
  const actions = columns.map((packed) => viewAction(tables, id, packed));
  const counters = tables.serviceCounters.get(id);
  return {
    service: tables.names.get(id) ?? '',
    id,
    affinitySeconds: affinitySec,
    sourceRanges: [...(tables.sourceRanges.get(id) ?? [])].sort(),
    frontends: (tables.frontends.get(id) ?? [])
      .map((frontend) => viewFrontend(frontend, actions))
      .sort(compareFrontends),
    backends: viewBackends(tables, id, columns),
    connections: plainBigint(counters?.connections ?? 0n),
    rejects: plainBigint(counters?.rejects ?? 0n),
    drops: plainBigint(counters?.drops ?? 0n),
  };
}

/** Columns lie as [internal pod, node, other, external pod, node, other]. */
function viewFrontend(frontend: Frontend & FrontendKey, actions: readonly ActionView[]): FrontendView {
  const first = frontend.scope === Scope.INTERNAL ? 0 : 3;
  const action = (client: number): ActionView => actions[first + client] ?? { action: 'none' };
  const isNodePort = frontend.addr === '0.0.0.0' || frontend.addr === '::';
  return {
    kind: isNodePort ? 'NodePort' : kindOf(frontend.scope),
    address: isNodePort ? null : frontend.addr,
    port: frontend.port,
    clients: { pod: action(0), node: action(1), other: action(2) },
  };
}

function kindOf(scope: number): FrontendKind {
  if (scope === Scope.INTERNAL) return 'ClusterIP';
  return scope === Scope.LOAD_BALANCER ? 'LoadBalancer' : 'ExternalIP';
}

function viewAction(tables: ServiceTables, id: number, packed: bigint): ActionView {
  const { verdict, flags } = unpackColumn(packed);
  if (verdict === Verdict.NONE) return { action: 'none' };
  if (verdict === Verdict.REJECT) return { action: 'reject' };
  if (verdict === Verdict.DROP) return { action: 'drop' };
  return {
    action: 'forward',
    set: setOf(flags),
    endpoints: backendIdsOf(tables, id, packed)
      .map((backend) => addressOf(tables, backend))
      .sort(),
    masquerade: (flags & ColumnFlag.MASQUERADE) !== 0,
  };
}

function viewBackends(tables: ServiceTables, id: number, columns: readonly bigint[]): BackendView[] {
  const sets = new Map<number, Set<SetName>>();
  for (const { backendId, flags } of tables.members.get(id) ?? []) {
    if ((flags & (MemberFlag.CLUSTER | MemberFlag.LOCAL | MemberFlag.SERVING)) !== 0) sets.set(backendId, new Set());
  }
  for (const packed of columns) {
    for (const backend of backendIdsOf(tables, id, packed)) {
      sets.set(backend, (sets.get(backend) ?? new Set()).add(setOf(unpackColumn(packed).flags)));
    }
  }
  return [...sets]
    .map(([backend, names]) => viewBackend(tables, backend, [...names].sort()))
    .sort((a, b) => compareText(a.address, b.address));
}

function viewBackend(tables: ServiceTables, id: number, sets: readonly SetName[]): BackendView {
  return {
    address: addressOf(tables, id),
    id,
    local: (tables.backend(id).flags & BackendFlag.LOCAL) !== 0,
    sets,
    state: sets.length === 0 ? 'draining' : 'in use',
    connections: plainBigint(tables.backendCounters.get(id)?.connections ?? 0n),
  };
}

/** Slots of another service are stale: no program follows them either. */
function backendIdsOf(tables: ServiceTables, id: number, packed: bigint): number[] {
  const { offset, size } = unpackColumn(packed);
  return Array.from({ length: size }, (_, index) => tables.slot(offset + index))
    .filter(({ serviceId }) => serviceId === id)
    .map(({ backendId }) => backendId);
}

function addressOf(tables: ServiceTables, id: number): string {
  const { addr, port } = tables.backend(id);
  return formatAddress(addr, port);
}

function setOf(flags: number): SetName {
  return (flags & ColumnFlag.LOCAL) === 0 ? 'cluster' : 'local';
}

function compareFrontends(a: FrontendView, b: FrontendView): number {
  return compareText(a.kind, b.kind) || compareText(a.address ?? '', b.address ?? '') || a.port - b.port;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
