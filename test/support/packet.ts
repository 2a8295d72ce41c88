import { type Ip, ipToBytes, parseIp } from '../../src/model/ip.ts';

/** Builds and reads Ethernet frames. Its checksums know nothing of the code under test. */

export type Transport =
  | {
      readonly kind: 'tcp';
      readonly sport: number;
      readonly dport: number;
      readonly flags: string;
      readonly seq?: number;
      readonly ack?: number;
    }
  | { readonly kind: 'udp'; readonly sport: number; readonly dport: number; readonly checksum?: 'none' }
  /** Its CRC covers no addresses and is not looked at here. */
  | { readonly kind: 'sctp'; readonly sport: number; readonly dport: number }
  | { readonly kind: 'icmp'; readonly type: number; readonly code: number };

export interface Packet {
  readonly src: string;
  readonly dst: string;
  readonly transport: Transport;
  /** Of ICMP errors: the quoted packet, from its IP header on. */
  readonly payload?: Uint8Array;
}

/** What a reader sees of a frame; `valid` tells that every checksum in it is right. */
export interface Seen {
  readonly src: string;
  readonly dst: string;
  readonly transport: Transport;
  readonly payload: Uint8Array;
  readonly valid: boolean;
  readonly dmac: string;
}

const ETHERNET = 14;
const PROTOCOL = { tcp: 6, udp: 17, sctp: 132 } as const;
const HEADER_LENGTH = { tcp: 20, udp: 8, sctp: 12, icmp: 8 } as const;
const TCP_FLAGS = { F: 1, S: 2, R: 4, P: 8, A: 16 } as const;
export const NODE_MAC = '02:00:00:00:00:01';
export const POD_MAC = '02:00:00:00:00:02';

export function frame(packet: Packet): Uint8Array {
  const datagram = ipPacket(packet);
  const bytes = new Uint8Array(ETHERNET + datagram.length);
  bytes.set(macBytes(NODE_MAC), 0);
  bytes.set(macBytes(POD_MAC), 6);
  bytes.set(isV6(packet.src) ? [0x86, 0xdd] : [0x08, 0x00], 12);
  bytes.set(datagram, ETHERNET);
  return bytes;
}

/** The packet from its IP header on, as an ICMP error quotes it. */
export function ipPacket(packet: Packet): Uint8Array {
  const body = transportBytes(packet);
  const protocol = protocolOf(packet);
  if (isV6(packet.src)) {
    const header = Buffer.alloc(40);
    header.writeUInt32BE(0x60000000, 0);
    header.writeUInt16BE(body.length, 4);
    header.writeUInt8(protocol, 6);
    header.writeUInt8(64, 7);
    header.set(address(packet.src), 8);
    header.set(address(packet.dst), 24);
    return Buffer.concat([header, body]);
  }
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(20 + body.length, 2);
  header.writeUInt16BE(0x1234, 4);
  header.writeUInt8(64, 8);
  header.writeUInt8(protocol, 9);
  header.set(address(packet.src), 12);
  header.set(address(packet.dst), 16);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, body]);
}

export function see(bytes: Uint8Array): Seen {
  const raw = Buffer.from(bytes);
  return {
    ...seeIp(raw.subarray(ETHERNET)),
    dmac: [...raw.subarray(0, 6)].map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
  };
}

/** Reads a packet from its IP header on; one that was cut short counts as valid if its IP header is. */
export function seeIp(raw: Buffer): Omit<Seen, 'dmac'> {
  const v6 = raw.readUInt8(0) >> 4 === 6;
  const header = v6 ? 40 : (raw.readUInt8(0) & 0xf) * 4;
  const src = text(raw, v6 ? 8 : 12, v6);
  const dst = text(raw, v6 ? 24 : 16, v6);
  const protocol = raw.readUInt8(v6 ? 6 : 9);
  const length = v6 ? raw.readUInt16BE(4) : raw.readUInt16BE(2) - header;
  const body = raw.subarray(header, header + length);
  const headerValid = v6 || checksum(raw.subarray(0, header)) === 0;
  const whole = body.length === length;
  const noChecksum = protocol === PROTOCOL.sctp || (protocol === PROTOCOL.udp && body.readUInt16BE(6) === 0);
  const covered = protocol === 1 ? body : Buffer.concat([pseudoHeader({ src, dst, protocol, length }), body]);
  const { transport, payload } = seeTransport(protocol, body);
  return { src, dst, transport, payload, valid: headerValid && (!whole || noChecksum || checksum(covered) === 0) };
}

function seeTransport(protocol: number, body: Buffer): { transport: Transport; payload: Uint8Array } {
  const ports = { sport: body.readUInt16BE(0), dport: body.readUInt16BE(2) };
  if (protocol === PROTOCOL.tcp && body.length >= 20) {
    const flags = body.readUInt8(13);
    const names = Object.entries(TCP_FLAGS).filter(([, bit]) => flags & bit);
    return {
      transport: {
        kind: 'tcp',
        ...ports,
        flags: names.map(([name]) => name).join(''),
        seq: body.readUInt32BE(4),
        ack: body.readUInt32BE(8),
      },
      payload: body.subarray((body.readUInt8(12) >> 4) * 4),
    };
  }
  if (protocol === PROTOCOL.tcp) return { transport: { kind: 'tcp', ...ports, flags: '' }, payload: new Uint8Array() };
  if (protocol === PROTOCOL.udp) {
    const none = body.readUInt16BE(6) === 0 ? { checksum: 'none' as const } : {};
    return { transport: { kind: 'udp', ...ports, ...none }, payload: body.subarray(8) };
  }
  if (protocol === PROTOCOL.sctp) return { transport: { kind: 'sctp', ...ports }, payload: body.subarray(12) };
  return { transport: { kind: 'icmp', type: body.readUInt8(0), code: body.readUInt8(1) }, payload: body.subarray(8) };
}

function transportBytes(packet: Packet): Buffer {
  const { transport } = packet;
  const payload = packet.payload ?? new Uint8Array();
  const header = Buffer.alloc(HEADER_LENGTH[transport.kind]);
  let at: number;
  switch (transport.kind) {
    case 'tcp':
      header.writeUInt16BE(transport.sport, 0);
      header.writeUInt16BE(transport.dport, 2);
      header.writeUInt32BE(transport.seq ?? 1000, 4);
      header.writeUInt32BE(transport.ack ?? 0, 8);
      header.writeUInt8(5 << 4, 12);
      header.writeUInt8(
        [...transport.flags].reduce((sum, name) => sum | TCP_FLAGS[name as keyof typeof TCP_FLAGS], 0),
        13,
      );
      header.writeUInt16BE(65535, 14);
      at = 16;
      break;
    case 'udp':
      header.writeUInt16BE(transport.sport, 0);
      header.writeUInt16BE(transport.dport, 2);
      header.writeUInt16BE(8 + payload.length, 4);
      at = 6;
      break;
    case 'sctp':
      header.writeUInt16BE(transport.sport, 0);
      header.writeUInt16BE(transport.dport, 2);
      return Buffer.concat([header, payload]);
    case 'icmp':
      header.writeUInt8(transport.type, 0);
      header.writeUInt8(transport.code, 1);
      at = 2;
      break;
  }
  const body = Buffer.concat([header, payload]);
  if (transport.kind === 'udp' && transport.checksum === 'none') return body;
  const plain = transport.kind === 'icmp' && !isV6(packet.src);
  const pseudo = pseudoHeader({ src: packet.src, dst: packet.dst, protocol: protocolOf(packet), length: body.length });
  body.writeUInt16BE(checksum(plain ? body : Buffer.concat([pseudo, body])), at);
  return body;
}

function protocolOf(packet: Packet): number {
  if (packet.transport.kind !== 'icmp') return PROTOCOL[packet.transport.kind];
  return isV6(packet.src) ? 58 : 1;
}

function pseudoHeader(of: { src: string; dst: string; protocol: number; length: number }): Buffer {
  const tail = Buffer.alloc(8);
  tail.writeUInt32BE(of.length, 0);
  tail.writeUInt32BE(of.protocol, 4);
  return Buffer.concat([address(of.src), address(of.dst), tail]);
}

/** RFC 1071; 0 over data that holds its own right checksum. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2) sum += ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function isV6(ip: string): boolean {
  return ip.includes(':');
}

function address(text: string): Uint8Array {
  const bytes = ipToBytes(ip(text));
  return isV6(text) ? bytes : bytes.subarray(12);
}

function text(raw: Buffer, at: number, v6: boolean): string {
  if (!v6) return [...raw.subarray(at, at + 4)].join('.');
  const groups = Array.from({ length: 8 }, (_, index) => raw.readUInt16BE(at + 2 * index).toString(16));
  return ip(groups.join(':'));
}

export function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
}

function macBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(':'), (byte) => Number.parseInt(byte, 16));
}
