import { accept, type Parse, refuse } from '../../../model/parse.ts';
import { quote } from '../../../model/quote.ts';
import type { Fields } from '../../../model/untrusted.ts';
import { FieldReader, filled, type Place } from './field-reader.ts';
import type { Format, RawEvent } from './format.ts';
import { readerOf } from './read-object.ts';
import { splitByLength } from './split-frames.ts';

/** Kubernetes' protobuf: a magic, then runtime.Unknown around the object; watches send metav1.WatchEvent behind its length. */
export const PROTOBUF: Format = {
  name: 'protobuf',
  contentType: 'application/vnd.kubernetes.protobuf',
  splitter: splitByLength,
  decodeEvent: (frame) => orRefuse(() => decodeEvent(frame)),
  decode: (body) => orRefuse(() => readUnknown(body, new FieldReader(body), { at: 0, end: body.length })),
};

function orRefuse<T>(decode: () => Parse<T>): Parse<T> {
  try {
    return decode();
  } catch (error) {
    // the reader has no other way to say so
    return refuse(`an object is not valid protobuf: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function decodeEvent(frame: Uint8Array): Parse<RawEvent> {
  const from = new FieldReader(frame);
  const { type, object } = from.fields(new WatchEvent(), takeEvent, { at: 0, end: frame.length });
  if (object === undefined) return refuse('an event holds no object');
  const decoded = readUnknown(frame, from, object);
  return decoded.ok ? accept({ type, object: decoded.value }) : decoded;
}

/** metav1.WatchEvent */
class WatchEvent {
  type = '';
  object: Place | undefined;
}

function takeEvent(event: WatchEvent, field: number, from: FieldReader): void {
  if (field === 1) event.type = from.knownText();
  else if (field === 2) event.object = from.fields<RawExtension>({ raw: undefined }, takeRaw).raw;
  else from.skip();
}

interface RawExtension {
  raw: Place | undefined;
}

function takeRaw(extension: RawExtension, field: number, from: FieldReader): void {
  if (field === 1) extension.raw = from.place();
  else from.skip();
}

const MAGIC = [0x6b, 0x38, 0x73, 0x00]; // "k8s\0"

function readUnknown(bytes: Uint8Array, from: FieldReader, { at, end }: Place): Parse<Fields> {
  if (MAGIC.some((byte, index) => at + index >= end || bytes[at + index] !== byte)) {
    return refuse('an object does not begin as protobuf does');
  }
  const unknown = from.fields(new Unknown(), takeUnknown, { at: at + MAGIC.length, end });
  const { kind, apiVersion, raw } = unknown;
  const read = readerOf(kind);
  if (read === undefined) return refuse(`an object of kind ${quote(filled(kind))} came, nobody asked for it`);
  const object = read(from, raw ?? NOTHING);
  object.kind = kind;
  object.apiVersion = apiVersion;
  return accept(object);
}

const NOTHING: Place = { at: 0, end: 0 };

/** runtime.Unknown: around every object on the wire. */
class Unknown {
  kind = '';
  apiVersion = '';
  raw: Place | undefined;
}

function takeUnknown(unknown: Unknown, field: number, from: FieldReader): void {
  if (field === 1) from.fields(unknown, takeTypeMeta);
  else if (field === 2) unknown.raw = from.place();
  else from.skip();
}

/** runtime.TypeMeta */
function takeTypeMeta(unknown: Unknown, field: number, from: FieldReader): void {
  if (field === 1) unknown.apiVersion = from.knownText();
  else if (field === 2) unknown.kind = from.knownText();
  else from.skip();
}
