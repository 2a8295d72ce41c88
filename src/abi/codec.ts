import { bytesToIp, type Ip, ipToBytes } from '../model/ip.ts';

/** Between a value and its bytes as the kernel has them. Padding is written as zero and not read. */
export interface Codec<T> {
  /** Bytes. */
  readonly size: number;
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array, offset?: number): T;
  /** As encode, into a block of many rows; `offset` counts from the start of the view. */
  encodeInto(view: DataView, offset: number, value: T): void;
  decodeFrom(view: DataView, offset: number): T;
}

/** A codec that also tells what it holds, for printing. */
export interface StructCodec<T> extends Codec<T> {
  readonly name: string;
  readonly fields: readonly Field[];
}

export interface Field {
  readonly name: string;
  readonly type: FieldType;
}

export type FieldType =
  | { readonly kind: 'number' | 'bigint' | 'column' | 'ip' | 'text' | 'bytes' }
  /** A number with a name for each value, or for each bit. */
  | { readonly kind: 'choice' | 'flags'; readonly names: Readonly<Record<string, number>> }
  | { readonly kind: 'struct'; readonly fields: readonly Field[] }
  | { readonly kind: 'list'; readonly of: FieldType };

/** What fields called proto hold. */
export const IpProtocol = { TCP: 6, UDP: 17, SCTP: 132 } as const;

/** What a map holds, and how to read it. `key` and `value` of a per-CPU map are those of one CPU. */
export interface MapDescription<K, V> {
  readonly name: string;
  /** As bpftool names it: "lru_hash" */
  readonly type: string;
  /** As built in; the agent may have made it larger. */
  readonly maxEntries: number;
  readonly key: Codec<K>;
  readonly value: Codec<V>;
  readonly keyType: FieldType;
  readonly valueType: FieldType;
}

type Parts<T> = Pick<Codec<T>, 'size' | 'encodeInto' | 'decodeFrom'>;

export function codec<T>(parts: Parts<T>): Codec<T> {
  return {
    ...parts,
    encode(value) {
      const bytes = new Uint8Array(parts.size);
      parts.encodeInto(new DataView(bytes.buffer), 0, value);
      return bytes;
    },
    decode(bytes, offset = 0) {
      return parts.decodeFrom(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset);
    },
  };
}

export function structCodec<T>(parts: Parts<T> & Pick<StructCodec<T>, 'name' | 'fields'>): StructCodec<T> {
  return { ...codec(parts), name: parts.name, fields: parts.fields };
}

export const u32: Codec<number> = codec({
  size: 4,
  encodeInto: (view, offset, value) => view.setUint32(offset, value, true),
  decodeFrom: (view, offset) => view.getUint32(offset, true),
});

export const u64: Codec<bigint> = codec({
  size: 8,
  encodeInto: (view, offset, value) => view.setBigUint64(offset, value, true),
  decodeFrom: (view, offset) => view.getBigUint64(offset, true),
});

export const ip: Codec<Ip> = codec({ size: 16, encodeInto: writeIp, decodeFrom: readIp });

export function writeIp(view: DataView, offset: number, value: Ip): void {
  ipToBytes(value, addressBytes); // a view of bytes for each of 100,000 addresses would be felt
  for (let index = 0; index < addressBytes.length; index += 1) view.setUint8(offset + index, addressBytes[index] ?? 0);
}

const addressBytes = new Uint8Array(16);

export function readIp(view: DataView, offset: number): Ip {
  return bytesToIp(bytesOf(view), offset);
}

/** Throws a RangeError for text that does not fit with its ending zero. */
export function writeText(view: DataView, offset: number, size: number, value: string): void {
  const bytes = bytesOf(view).subarray(offset, offset + size);
  const { read, written } = encoder.encodeInto(value, bytes);
  if (read < value.length || written === size)
    throw new RangeError(`Cannot store "${value}": at most ${size - 1} bytes fit`);
  bytes.fill(0, written);
}

export function readText(view: DataView, offset: number, size: number): string {
  const bytes = bytesOf(view).subarray(offset, offset + size);
  const end = bytes.indexOf(0);
  return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end));
}

/** Throws a RangeError for a value of another size. */
export function writeBytes(view: DataView, offset: number, size: number, value: Uint8Array): void {
  if (value.byteLength !== size) throw new RangeError(`Cannot store ${value.byteLength} bytes: it takes ${size}`);
  bytesOf(view).set(value, offset);
}

export function readBytes(view: DataView, offset: number, size: number): Uint8Array {
  return bytesOf(view).slice(offset, offset + size);
}

/** Throws a RangeError for a list of another length. */
export function writeList<T>(list: readonly T[], count: number, write: (value: T, index: number) => void): void {
  if (list.length !== count) throw new RangeError(`Cannot store a list of ${list.length}: it takes ${count}`);
  list.forEach(write);
}

export function readList<T>(count: number, read: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => read(index));
}

export function writeZero(view: DataView, offset: number, size: number): void {
  for (let at = offset; at < offset + size; at += 1) view.setUint8(at, 0);
}

// globals of every host, but only lib.dom and @types/node declare them, which pure folders go without
declare class TextEncoder {
  encodeInto(source: string, target: Uint8Array): { readonly read: number; readonly written: number };
}
declare class TextDecoder {
  decode(bytes: Uint8Array): string;
}
const encoder = new TextEncoder();
const decoder = new TextDecoder();

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
