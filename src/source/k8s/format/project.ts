import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { Pool } from '../../../model/intern.ts';
import type { Fields } from '../../../model/untrusted.ts';

/** What is read of a protobuf message: fields by their number, everything else is skipped. */
export type Message = readonly (Field | undefined)[];

/** A field and the name that the object's JSON has for it. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
}

export type FieldType =
  /** Text that JSON leaves out where it is empty. */
  | { readonly kind: 'text' }
  /** Text that JSON has even where it is empty: required, or behind a pointer. */
  | { readonly kind: 'kept' }
  | { readonly kind: 'texts' }
  | { readonly kind: 'integer' }
  | { readonly kind: 'boolean' }
  /** metav1.Time, as RFC 3339. */
  | { readonly kind: 'time' }
  /** Of a map of texts, these keys alone. */
  | { readonly kind: 'entries'; readonly keys: ReadonlySet<string> }
  /** An embedded message that is decoded elsewhere. */
  | { readonly kind: 'bytes' }
  | { readonly kind: 'message'; readonly message: Message }
  /** Many objects hold an equal one: they hold the same, by its bytes, and it is read once. */
  | { readonly kind: 'shared'; readonly message: Message; readonly pool: Pool<Fields> }
  | { readonly kind: 'messages'; readonly message: Message };

/** The fields of the bytes as their JSON would have them; throws RangeError or Error where they are no such message. */
export function project(bytes: Uint8Array, message: Message): Fields {
  return readMessage({ bytes, reader: new BinaryReader(bytes) }, bytes.length, message);
}

/** The API's own largest list; more would only cost memory. */
const MOST_ITEMS = 20_000;
const LONGEST_SHARED = 64; // bytes
const EMPTY: Fields = {};

type Draft = Record<string, unknown>;

interface Source {
  readonly bytes: Uint8Array;
  readonly reader: BinaryReader;
}

function readMessage(source: Source, end: number, message: Message): Fields {
  const { reader } = source;
  if (end > reader.len) throw new RangeError('premature EOF');
  if (end === reader.pos) return EMPTY;
  const fields: Draft = {};
  while (reader.pos < end) {
    const tag = reader.uint32(); // reader.tag() makes a list of it, for a million fields
    const field = message[tag >>> 3];
    if (field === undefined) skip(reader, tag);
    else readField(source, tag & 7, field, fields);
  }
  if (reader.pos !== end) throw new RangeError(`a field exceeds its message by ${reader.pos - end} bytes`);
  return fields;
}

function readField(source: Source, wireType: WireType, { name, type }: Field, into: Draft): void {
  const { reader } = source;
  const isNumber = type.kind === 'integer' || type.kind === 'boolean';
  if (wireType !== (isNumber ? WireType.Varint : WireType.LengthDelimited)) {
    throw new Error(`field "${name}" has wire type ${wireType}`);
  }
  switch (type.kind) {
    case 'text': {
      const text = reader.string();
      if (text !== '') into[name] = text;
      return;
    }
    case 'kept':
      into[name] = reader.string();
      return;
    case 'texts':
      append(into, name, reader.string());
      return;
    case 'integer':
      into[name] = reader.int32();
      return;
    case 'boolean':
      into[name] = reader.bool();
      return;
    case 'time':
      into[name] = readTime(source);
      return;
    case 'entries':
      readEntry(source, type.keys, into, name);
      return;
    case 'bytes':
      into[name] = reader.bytes();
      return;
    case 'message':
      into[name] = readNested(source, type.message);
      return;
    case 'shared':
      into[name] = readShared(source, type.message, type.pool);
      return;
    case 'messages':
      append(into, name, readNested(source, type.message));
  }
}

function readNested(source: Source, message: Message): Fields {
  const length = source.reader.uint32();
  return readMessage(source, source.reader.pos + length, message);
}

function readShared(source: Source, message: Message, pool: Pool<Fields>): Fields {
  const { bytes, reader } = source;
  const end = reader.uint32() + reader.pos;
  if (end - reader.pos > LONGEST_SHARED || end > bytes.length) return readMessage(source, end, message);
  let key = '';
  for (let at = reader.pos; at < end; at += 1) key += String.fromCharCode(bytes[at] ?? 0);
  const known = pool.find(key);
  if (known === undefined) return pool.share(key, readMessage(source, end, message));
  reader.pos = end;
  return known;
}

/** What nobody reads; the reader's own skip() makes a view of it. */
function skip(reader: BinaryReader, tag: number): void {
  if ((tag & 7) !== WireType.LengthDelimited) {
    reader.skip(tag & 7, tag >>> 3);
    return;
  }
  const length = reader.uint32();
  reader.pos += length;
  if (reader.pos > reader.len) throw new RangeError('premature EOF');
}

function append(into: Draft, name: string, item: unknown): void {
  const list = into[name];
  if (!Array.isArray(list)) {
    into[name] = [item];
    return;
  }
  if (list.length >= MOST_ITEMS) throw new RangeError(`"${name}" has more than ${MOST_ITEMS} items`);
  list.push(item);
}

function readEntry(source: Source, keys: ReadonlySet<string>, into: Draft, name: string): void {
  const entry = readNested(source, ENTRY);
  const key = entry['key'];
  if (typeof key !== 'string' || !keys.has(key)) return;
  into[name] = { ...(into[name] as Fields | undefined), [key]: entry['value'] ?? '' }; // only this writes it
}

/** undefined where no calendar has it. */
function readTime({ bytes, reader }: Source): string | undefined {
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new RangeError('premature EOF');
  let seconds = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === SECONDS) seconds = readInt64(bytes, reader);
    else skip(reader, tag);
  }
  if (reader.pos !== end) throw new RangeError(`a field exceeds its message by ${reader.pos - end} bytes`);
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

/** Five bytes are enough until the year 3058, and spare the bigint that the reader's own makes of any. */
function readInt64(bytes: Uint8Array, reader: BinaryReader): number {
  let value = 0;
  for (let at = 0; at < 5; at += 1) {
    const byte = bytes[reader.pos + at] ?? 0x80;
    value += (byte & 0x7f) * 128 ** at;
    if (byte >= 0x80) continue;
    reader.pos += at + 1;
    return value;
  }
  return Number(reader.int64());
}

const SECONDS = (1 << 3) | WireType.Varint; // of metav1.Time

const ENTRY: Message = [undefined, { name: 'key', type: { kind: 'text' } }, { name: 'value', type: { kind: 'text' } }];
