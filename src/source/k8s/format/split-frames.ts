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
      const bytes = pending.join(chunk);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const frames: Uint8Array[] = [];
      let at = 0;
      while (bytes.length - at >= needed) {
        const length = view.getUint32(at);
        if (length > longestFrame) return refuse(`an event has ${length} bytes, more than ${longestFrame}`);
        needed = HEADER_BYTES + length;
        if (bytes.length - at < needed) break;
        frames.push(bytes.subarray(at + HEADER_BYTES, at + needed));
        at += needed;
        needed = HEADER_BYTES;
      }
      pending.keep(bytes, at);
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
      const begun = pending.size;
      const bytes = pending.join(chunk);
      const frames: Uint8Array[] = [];
      let at = 0;
      for (let end = bytes.indexOf(LINE_FEED, begun); end !== -1; end = bytes.indexOf(LINE_FEED, at)) {
        if (end - at > longestFrame) return refuse(`an event has more than ${longestFrame} bytes`);
        if (end > at) frames.push(bytes.subarray(at, end));
        at = end + 1;
      }
      if (bytes.length - at > longestFrame) return refuse(`an event has more than ${longestFrame} bytes`);
      pending.keep(bytes, at);
      return accept(frames);
    },
  };
}

const HEADER_BYTES = 4;
const LINE_FEED = 0x0a;
/** Room that is worth keeping for the next frame that comes in pieces. */
const SMALL_BYTES = 64 << 10;
const NOTHING = new Uint8Array();

interface Gatherer {
  readonly size: number;
  /** What is pending and this behind it; the chunk itself where nothing is. */
  join(chunk: Uint8Array): Uint8Array;
  /** What join() gave is pending from `at` on. */
  keep(bytes: Uint8Array, at: number): void;
}

/**
 * Chunks of one frame in one buffer, which the next such frame finds again: a large event comes in a hundred chunks, and a
 * buffer for each would wait for V8, who does not see their weight. Large room stays only while all frames need it.
 */
function gather(): Gatherer {
  let room = NOTHING;
  let start = 0;
  let size = 0;
  /** Moves what is pending to the beginning of room that is large enough. */
  const makeRoom = (needed: number): void => {
    if (start === 0 && needed <= room.length) return;
    const held = room.subarray(start, start + size);
    if (needed > room.length) room = new Uint8Array(Math.max(needed, 2 * room.length));
    room.set(held);
    start = 0;
  };
  return {
    get size() {
      return size;
    },
    join(chunk) {
      if (size === 0) return chunk;
      const joined = size + chunk.length;
      makeRoom(joined);
      room.set(chunk, size);
      return room.subarray(0, joined);
    },
    keep(bytes, at) {
      const isJoined = size > 0;
      const rest = bytes.length - at;
      if (isJoined) {
        start = at; // the frames before it are still to be read: what is behind them moves with the next join()
      } else if (rest > 0) {
        makeRoom(rest);
        room.set(bytes.subarray(at));
      } else if (room.length > SMALL_BYTES) {
        room = NOTHING;
      }
      size = rest;
    },
  };
}
