import type { Parse } from '../../../model/parse.ts';
import type { Fields } from '../../../model/untrusted.ts';
import type { FrameSplitter } from './split-frames.ts';

/** How an API server writes objects: protobuf, or JSON where it refuses that. */
export interface Format {
  readonly name: 'protobuf' | 'json';
  readonly contentType: string;
  /** Cuts what a watch sends into events; each frame has at most this many bytes. */
  splitter(longestFrame: number): FrameSplitter;
  /** An event of a watch. */
  decodeEvent(frame: Uint8Array): Parse<RawEvent>;
  /** A whole body: a list or a Status. */
  decode(body: Uint8Array): Parse<Fields>;
}

/** An event as it came; nothing but its shape is checked. */
export interface RawEvent {
  readonly type: string;
  /** With kind and apiVersion, and at least the fields that the parsers of src/model read. */
  readonly object: Fields;
}
