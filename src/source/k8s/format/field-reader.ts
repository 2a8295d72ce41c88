import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { type ByteCache, createByteCache } from './byte-cache.ts';

/** Takes the field of this number out of the reader into the draft, or skips it. */
export type TakeField<T> = (draft: T, field: number, from: FieldReader) => void;

/** Where a message lies. */
export interface Place {
  readonly at: number;
  readonly end: number;
}

/** A message whose fields are read one after the other. Throws RangeError or Error where the bytes are no such message. */
export class FieldReader {
  readonly #bytes: Uint8Array;
  readonly #reader: BinaryReader;
  /** Of the field that is to be read now. */
  #tag = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#reader = new BinaryReader(bytes);
  }

  /** Takes each field of the message that the present field holds, or of one that lies elsewhere. */
  fields<T>(draft: T, take: TakeField<T>, place?: Place): T {
    const reader = this.#reader;
    const end = place === undefined ? this.#enter() : place.end;
    if (place !== undefined) reader.pos = place.at;
    while (reader.pos < end) {
      this.#tag = reader.uint32(); // reader.tag() makes a list of it, for a million fields
      take(draft, this.#tag >>> 3, this);
    }
    if (reader.pos !== end) throw new RangeError(`a field exceeds its message by ${reader.pos - end} bytes`);
    return draft;
  }

  /** A message that is to be read later. */
  place(): Place {
    const end = this.#enter();
    const place = { at: this.#reader.pos, end };
    this.#reader.pos = end;
    return place;
  }

  text(): string {
    this.#expect(WireType.LengthDelimited);
    return this.#reader.string();
  }

  /** Text that many messages repeat. */
  knownText(): string {
    return this.known(TEXTS, readText);
  }

  /** What many messages repeat, bytes and all. */
  known<T>(cache: ByteCache<T>, read: (from: FieldReader) => T): T {
    const start = this.#reader.pos;
    const end = this.#enter();
    const from = this.#reader.pos;
    const known = cache.find(this.#bytes, from, end);
    if (known !== undefined) {
      this.#reader.pos = end;
      return known;
    }
    this.#reader.pos = start;
    const value = read(this);
    cache.keep(this.#bytes, from, end, value);
    return value;
  }

  integer(): number {
    this.#expect(WireType.Varint);
    return this.#reader.int32();
  }

  boolean(): boolean {
    this.#expect(WireType.Varint);
    return this.#reader.bool();
  }

  /** Five bytes are enough until the year 3058, and spare the bigint that the reader's own makes of any. */
  int64(): number {
    this.#expect(WireType.Varint);
    let value = 0;
    for (let index = 0; index < 5; index += 1) {
      const byte = this.#bytes[this.#reader.pos + index] ?? 0x80;
      value += (byte & 0x7f) * 128 ** index;
      if (byte >= 0x80) continue;
      this.#reader.pos += index + 1;
      return value;
    }
    return Number(this.#reader.int64());
  }

  /** What nobody reads; the reader's own skip() makes a view of it. */
  skip(): void {
    const type = this.#tag & 7;
    if (type === WireType.LengthDelimited) this.#reader.pos = this.#enter();
    else this.#reader.skip(type, this.#tag >>> 3);
  }

  /** Steps to where the content of the field begins; says where it ends. */
  #enter(): number {
    this.#expect(WireType.LengthDelimited);
    const length = this.#reader.uint32();
    const end = this.#reader.pos + length;
    if (end > this.#reader.len) throw new RangeError('premature EOF');
    return end;
  }

  #expect(type: WireType): void {
    const found = this.#tag & 7;
    if (found !== type) throw new Error(`field ${this.#tag >>> 3} has wire type ${found}, not ${type}`);
  }
}

/** Text that JSON leaves out where it is empty. */
export function filled(text: string): string | undefined {
  return text === '' ? undefined : text;
}

/** The list with one more item; where it holds more than the API's own largest, the bytes are not the API's. */
export function append(list: unknown, item: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(list)) return [item];
  if (list.length >= MOST_ITEMS) throw new RangeError(`"${name}" has more than ${MOST_ITEMS} items`);
  list.push(item);
  return list as readonly unknown[]; // isArray says any[]
}

const MOST_ITEMS = 20_000;
const TEXTS = createByteCache<string>();

function readText(from: FieldReader): string {
  return from.text();
}
