import { familyOf, formatAddress, type Ip, parseIp } from '../model/ip.ts';
import { accept, type Parse, refuse } from '../model/parse.ts';
import { type Port, type Protocol, parsePort, parseProtocol } from '../model/port.ts';
import { quote } from '../model/quote.ts';

/** The first packet of a new connection. */
export interface Packet {
  readonly source: Ip;
  readonly destination: Ip;
  readonly port: Port;
  readonly protocol: Protocol;
}

/** Reads "SRC DST:PORT/PROTO"; IPv6 destinations as [addr]:port, the protocol in any case. */
export function parsePacket(text: string): Parse<Packet> {
  const match = SHAPE.exec(text);
  if (match === null) return refuse(`${quote(text)} is not a packet: write it like "10.0.0.2 172.30.0.41:80/tcp"`);
  const [, from = '', bracketed, plain, number = '', protocolText = ''] = match;
  const source = parseIp(from.replace(/^\[(.*)\]$/, '$1'));
  if (!source.ok) return source;
  const destination = parseIp(bracketed ?? plain);
  if (!destination.ok) return destination;
  const port = parsePort(Number(number));
  if (!port.ok) return port;
  const protocol = parseProtocol(protocolText.toUpperCase());
  if (!protocol.ok) return protocol;
  if (familyOf(source.value) !== familyOf(destination.value)) {
    return refuse(`${quote(text)} mixes IPv4 and IPv6: use addresses of one family`);
  }
  return accept({
    source: source.value,
    destination: destination.value,
    port: port.value,
    protocol: protocol.value,
  });
}

/** "172.30.0.41:80/TCP" */
export function formatDestination(packet: Packet): string {
  return `${formatAddress(packet.destination, packet.port)}/${packet.protocol}`;
}

const SHAPE = /^\s*(\S+)\s+(?:\[([^\]\s]+)\]|([^:\s]+)):(\d+)\/(\w+)\s*$/;
