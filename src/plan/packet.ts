import type { Ip } from '../model/ip.ts';
import { type Parse, refuse } from '../model/parse.ts';
import type { Port, Protocol } from '../model/port.ts';

/** The first packet of a new connection. */
export interface Packet {
  readonly source: Ip;
  readonly destination: Ip;
  readonly port: Port;
  readonly protocol: Protocol;
}

/** Reads "SRC DST:PORT/PROTO"; IPv6 destinations as [addr]:port, the protocol in any case. */
export function parsePacket(text: string): Parse<Packet> {
  return refuse(text);
}
