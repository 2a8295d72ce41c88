import { accept, type Parse, refuse } from '../../../model/parse.ts';

/** Cuts a stream of bytes into frames. Frames are views: use them before the next push. */
export interface FrameSplitter {
  push(chunk: Uint8Array): Parse<readonly Uint8Array[]>;
  /** A frame has begun and is not complete. */
  readonly isPartial: boolean;
}

/** Frames behind their length in four bytes, the highest first. */
export function splitByLength(longestFrame: number): FrameSplitter {
  const pending = gather();
  let needed = HEADER_BYTES;
  return {
    get isPartial() {
      return pending.size > 0;
    },
    push(chunk) {
      pending.add(chunk);
      if (pending.size < needed) return NONE;
      const bytes = pending.take();
      const frames: Uint8Array[] = [];
      let at = 0;
      for (;;) {
        needed = HEADER_BYTES;
        if (bytes.length - at < needed) break;
        const length = bytes.readUInt32BE(at);
        if (length > longestFrame) return refuse(`an event has ${length} bytes, more than ${longestFrame}`);
        needed += length;
        if (bytes.length - at < needed) break;
        frames.push(bytes.subarray(at + HEADER_BYTES, at + needed));
        at += needed;
      }
      if (at < bytes.length) pending.add(bytes.subarray(at));
      return accept(frames);
    },
  };
}

/** Frames that end with a line feed; empty ones are none. */
export function splitByLine(longestFrame: number): FrameSplitter {
  const pending = gather();
  return {
    get isPartial() {
      return pending.size > 0;
    },
    push(chunk) {
      pending.add(chunk);
      if (!chunk.includes(LINE_FEED)) {
        return pending.size > longestFrame ? refuse(`an event has more than ${longestFrame} bytes`) : NONE;
      }
      const bytes = pending.take();
      const frames: Uint8Array[] = [];
      let at = 0;
      for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, at)) {
        if (end - at > longestFrame) return refuse(`an event has more than ${longestFrame} bytes`);
        if (end > at) frames.push(bytes.subarray(at, end));
        at = end + 1;
      }
      if (at < bytes.length) pending.add(bytes.subarray(at));
      return accept(frames);
    },
  };
}

const HEADER_BYTES = 4;
const LINE_FEED = 0x0a;
const NONE: Parse<readonly Uint8Array[]> = accept([]);

/** Chunks of one frame, joined once. */
function gather(): { readonly size: number; add(chunk: Uint8Array): void; take(): Buffer } {
  let chunks: Uint8Array[] = [];
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(chunk) {
      chunks.push(chunk);
      size += chunk.length;
    },
    take() {
      const [first, ...others] = chunks;
      chunks = [];
      size = 0;
      if (first === undefined) return Buffer.alloc(0);
      if (others.length > 0) return Buffer.concat([first, ...others]);
      return Buffer.from(first.buffer, first.byteOffset, first.byteLength);
    },
  };
}
