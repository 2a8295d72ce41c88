import { accept, type Parse, refuse } from '../../../model/parse.ts';
import { quote } from '../../../model/quote.ts';
import { type Fields, fieldsOf } from '../../../model/untrusted.ts';
import type { Format } from './format.ts';
import { messageOf, UNKNOWN, WATCH_EVENT } from './messages.ts';
import { type Message, project } from './project.ts';
import { splitByLength } from './split-frames.ts';

/** Kubernetes' protobuf: a magic, then runtime.Unknown around the object; watches send metav1.WatchEvent behind its length. */
export const PROTOBUF: Format = {
  name: 'protobuf',
  contentType: 'application/vnd.kubernetes.protobuf',
  splitter: splitByLength,
  decodeEvent(frame) {
    const event = read(frame, WATCH_EVENT);
    if (!event.ok) return event;
    const raw = fieldsOf(event.value['object'])['raw'];
    if (!(raw instanceof Uint8Array)) return refuse('an event holds no object');
    const object = decode(raw);
    if (!object.ok) return object;
    const type = event.value['type'];
    return accept({ type: typeof type === 'string' ? type : '', object: object.value });
  },
  decode,
};

const MAGIC = [0x6b, 0x38, 0x73, 0x00]; // "k8s\0"

function decode(bytes: Uint8Array): Parse<Fields> {
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) return refuse('an object does not begin as protobuf does');
  const unknown = read(bytes.subarray(MAGIC.length), UNKNOWN);
  if (!unknown.ok) return unknown;
  const { apiVersion, kind } = fieldsOf(unknown.value['typeMeta']);
  const message = typeof kind === 'string' ? messageOf(kind) : undefined;
  if (message === undefined) return refuse(`an object of kind ${quote(kind)} came, nobody asked for it`);
  const raw = unknown.value['raw'];
  const object = raw instanceof Uint8Array ? read(raw, message) : accept({});
  return object.ok ? accept({ kind, apiVersion, ...object.value }) : object;
}

function read(bytes: Uint8Array, message: Message): Parse<Fields> {
  try {
    return accept(project(bytes, message));
  } catch (error) {
    // the reader has no other way to say so
    return refuse(`an object is not valid protobuf: ${error instanceof Error ? error.message : String(error)}`);
  }
}
