import { accept, type Parse, refuse } from '../../../model/parse.ts';
import { quote } from '../../../model/quote.ts';
import { type Fields, isFields } from '../../../model/untrusted.ts';
import type { Format } from './format.ts';
import { splitByLine } from './split-frames.ts';

/** For servers that refuse protobuf: an event a line. */
export const JSON_FORMAT: Format = {
  name: 'json',
  contentType: 'application/json',
  splitter: splitByLine,
  decodeEvent(frame) {
    const event = decode(frame);
    if (!event.ok) return event;
    const { type, object } = event.value;
    if (!isFields(object)) return refuse('an event holds no object');
    return accept({ type: typeof type === 'string' ? type : '', object });
  },
  decode,
};

function decode(bytes: Uint8Array): Parse<Fields> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? accept(value) : refuse(`${quote(value)} came in place of an object`);
  } catch {
    return refuse(`an object is not valid JSON: it begins with ${quote(text)}`);
  }
}
