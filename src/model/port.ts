import { accept, type Parse, refuse } from './parse.ts';
import { quote } from './quote.ts';

export type Protocol = 'TCP' | 'UDP' | 'SCTP';

/** 1..65535 */
export type Port = number & { readonly __brand: 'Port' };

/** A port number as the API has it: a JSON integer, never text. */
export function parsePort(raw: unknown): Parse<Port> {
  if (typeof raw === 'number' && Number.isInteger(raw) && raw >= 1 && raw <= 65535) {
    return accept(raw as Port); // the brand's constructor
  }
  return refuse(`${quote(raw)} is not a port: use a number from 1 to 65535`);
}

/** A protocol as the API has it: upper case; absent means TCP. */
export function parseProtocol(raw: unknown): Parse<Protocol> {
  if (raw === undefined || raw === null) return accept('TCP');
  if (raw === 'TCP' || raw === 'UDP' || raw === 'SCTP') return accept(raw);
  return refuse(`${quote(raw)} is not a protocol: use TCP, UDP or SCTP`);
}
