import { IpProtocol } from '../../abi/codec.ts';
import { CtTcp, type Flow, FlowFlag, type Tuple } from '../../abi/generated.ts';
import { formatAddress } from '../../model/ip.ts';
import { flagNames, nameOf } from './plain-value.ts';

/** A connection that the pod edge translates; ends as "10.0.0.1:80", as packets from the client have them. */
export interface FlowView {
  readonly protocol: string | number;
  readonly source: string;
  readonly destination: string;
  readonly newSource: string;
  readonly newDestination: string;
  /** Its service's name; "": none. */
  readonly service: string;
  readonly backendId: number;
  readonly flags: readonly (string | number)[];
  /** What the packets of the client, and those of the backend, had. */
  readonly tcp: readonly (string | number)[];
  readonly tcpAnswers: readonly (string | number)[];
  readonly ageSeconds: number;
  /** Without another packet. */
  readonly remainingSeconds: number;
}

export interface FlowContext {
  /** CLOCK_MONOTONIC */
  readonly nowSec: number;
  readonly names: ReadonlyMap<number, string>;
}

export function viewFlow(flow: Flow, { nowSec, names }: FlowContext): FlowView {
  const [dialled, forwarded] = [endsOf(flow.dialled), endsOf(flow.forwarded)];
  const [tcp = 0, tcpAnswers = 0] = flow.tcp;
  return {
    protocol: nameOf(IpProtocol, flow.proto),
    ...dialled,
    newSource: forwarded.source,
    newDestination: forwarded.destination,
    service: names.get(flow.serviceId) ?? '',
    backendId: flow.backendId,
    flags: flagNames(FlowFlag, flow.flags),
    tcp: flagNames(CtTcp, tcp),
    tcpAnswers: flagNames(CtTcp, tcpAnswers),
    ageSeconds: Math.max(0, nowSec - flow.created),
    remainingSeconds: Math.max(0, flow.expires - nowSec),
  };
}

/** "TCP 10.0.0.2:4000 > 10.96.0.1:80 becomes 10.0.0.2:4000 > 10.0.1.3:8080, default/web:http/TCP/IPv4, for 60 s more" */
export function formatFlow(flow: FlowView): string {
  const becomes = `${flow.source} > ${flow.destination} becomes ${flow.newSource} > ${flow.newDestination}`;
  const answers = flow.tcpAnswers.length === 0 ? [] : [`answered ${flow.tcpAnswers.join(' ')}`];
  const marks = [...flow.flags, ...flow.tcp].join(' ');
  return [
    `${flow.protocol} ${becomes}`,
    ...(flow.service === '' ? [] : [flow.service]),
    ...(marks === '' ? [] : [marks]),
    ...answers,
    `for ${flow.remainingSeconds} s more`,
  ].join(', ');
}

function endsOf({ saddr, daddr, sport, dport }: Tuple): { readonly source: string; readonly destination: string } {
  return { source: formatAddress(saddr, sport), destination: formatAddress(daddr, dport) };
}
