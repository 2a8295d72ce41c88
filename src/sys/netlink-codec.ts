import { SocketAddress } from 'node:net';

/** One message of a datagram; `body` is what follows the nlmsghdr. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly body: Uint8Array;
}

/** Type, or type of a nested attribute, to its bytes. */
export type Attributes = ReadonlyMap<number, Uint8Array>;

export const MessageType = {
  noop: 1,
  error: 2,
  done: 3,
  getLink: 18,
  getAddress: 22,
  getRoute: 26,
  getFilter: 46,
} as const;

const HEADER_BYTES = 16;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_DUMP = 0x300;
/** The table changed while it was read. */
const NLM_F_DUMP_INTR = 0x10;
/** NLA_F_NESTED and NLA_F_NET_BYTEORDER are not part of the type. */
const ATTRIBUTE_TYPE_MASK = 0x3fff;

/** A request for a whole table; 16 zero bytes stand for ifinfomsg, ifaddrmsg and rtmsg alike: any family. */
export function encodeDump(type: number, body: Uint8Array = new Uint8Array(16)): Uint8Array {
  const bytes = encodeHeader(type, NLM_F_REQUEST | NLM_F_DUMP, body.length);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** A request that does nothing but being answered. */
export function encodeEcho(): Uint8Array {
  return encodeHeader(MessageType.noop, NLM_F_REQUEST | NLM_F_ACK, 0);
}

export function* decodeMessages(datagram: Uint8Array): Generator<Message> {
  const view = viewOf(datagram);
  for (let at = 0; at + HEADER_BYTES <= datagram.length; ) {
    const length = view.getUint32(at, true);
    if (length < HEADER_BYTES || at + length > datagram.length) return;
    const body = datagram.subarray(at + HEADER_BYTES, at + length);
    yield { type: view.getUint16(at + 4, true), flags: view.getUint16(at + 6, true), body };
    at += align4(length);
  }
}

export function isInterrupted(message: Message): boolean {
  return (message.flags & NLM_F_DUMP_INTR) !== 0;
}

/** 0 or -errno of an error or done message. */
export function statusOf(message: Message): number {
  return message.body.length < 4 ? 0 : viewOf(message.body).getInt32(0, true);
}

export function decodeAttributes(bytes: Uint8Array): Attributes {
  const attributes = new Map<number, Uint8Array>();
  const view = viewOf(bytes);
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.length) break;
    attributes.set(view.getUint16(at + 2, true) & ATTRIBUTE_TYPE_MASK, bytes.subarray(at + 4, at + length));
    at += align4(length);
  }
  return attributes;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A number of an attribute of 4 bytes. */
export function readNumber(attribute: Uint8Array | undefined): number | undefined {
  return attribute === undefined || attribute.length < 4 ? undefined : viewOf(attribute).getInt32(0, true);
}

/** Text up to the first zero. */
export function readText(attribute: Uint8Array | undefined): string {
  if (attribute === undefined) return '';
  const end = attribute.indexOf(0);
  return new TextDecoder().decode(end < 0 ? attribute : attribute.subarray(0, end));
}

/** An address of 4 or 16 bytes, as inet_ntop writes it. */
export function readAddress(attribute: Uint8Array | undefined): string | undefined {
  if (attribute === undefined) return undefined;
  if (attribute.length === 4) return attribute.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    viewOf(attribute)
      .getUint16(index * 2)
      .toString(16),
  );
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

function encodeHeader(type: number, flags: number, bodyBytes: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + bodyBytes);
  const view = viewOf(bytes);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  return bytes;
}

function align4(length: number): number {
  return (length + 3) & ~3;
}
