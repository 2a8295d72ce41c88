import { IpProtocol } from '../../abi/codec.ts';
import { type Ct, CtFlag, type CtKey, CtTcp, Hook, type Tuple } from '../../abi/generated.ts';
import { formatAddress } from '../../model/ip.ts';
import { flagNames, nameOf } from './plain-value.ts';

/** One half of a flow: what a packet seen at this hook becomes. */
export interface FlowView {
  readonly protocol: string | number;
  readonly hook: string | number;
  /** "10.0.0.1:80" */
  readonly source: string;
  readonly destination: string;
  readonly newSource: string;
  readonly newDestination: string;
  /** Its service's name; "": none. */
  readonly service: string;
  readonly backendId: number;
  readonly flags: readonly (string | number)[];
  readonly tcp: readonly (string | number)[];
  readonly idleSeconds: number;
  readonly ageSeconds: number;
}

export interface FlowContext {
  /** CLOCK_MONOTONIC */
  readonly nowNs: bigint;
  readonly names: ReadonlyMap<number, string>;
}

export function viewFlow(key: CtKey, row: Ct, { nowNs, names }: FlowContext): FlowView {
  return {
    protocol: nameOf(IpProtocol, key.proto),
    hook: nameOf(Hook, key.hook),
    ...endsOf(key.tuple),
    newSource: endsOf(row.tuple).source,
    newDestination: endsOf(row.tuple).destination,
    service: names.get(row.serviceId) ?? '',
    backendId: row.backendId,
    flags: flagNames(CtFlag, row.flags),
    tcp: flagNames(CtTcp, row.tcp),
    idleSeconds: secondsSince(row.lastSeenNs, nowNs),
    ageSeconds: secondsSince(row.createdNs, nowNs),
  };
}

/** "TCP POD_IN 10.0.0.2:4000 > 10.96.0.1:80 becomes 10.0.0.2:4000 > 10.0.1.3:8080, default/web:http/TCP/IPv4, idle 3 s" */
export function formatFlow(flow: FlowView): string {
  const becomes = `${flow.source} > ${flow.destination} becomes ${flow.newSource} > ${flow.newDestination}`;
  const marks = [...flow.flags, ...flow.tcp].join(' ');
  return [
    `${flow.protocol} ${flow.hook} ${becomes}`,
    ...(flow.service === '' ? [] : [flow.service]),
    ...(marks === '' ? [] : [marks]),
    `idle ${flow.idleSeconds} s`,
  ].join(', ');
}

/** Whole seconds; a time in the future is now. */
export function secondsSince(ns: bigint, nowNs: bigint): number {
  return ns > nowNs ? 0 : Number((nowNs - ns) / 1_000_000_000n);
}

function endsOf({ saddr, daddr, sport, dport }: Tuple): { readonly source: string; readonly destination: string } {
  return { source: formatAddress(saddr, sport), destination: formatAddress(daddr, dport) };
}
