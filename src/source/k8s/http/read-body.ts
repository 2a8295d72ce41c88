import { collectYoungGarbage } from '../../../sys/garbage.ts';
import type { Answer } from './channel.ts';
import { describeFailure } from './describe-failure.ts';

export interface Reading {
  readonly answer: Answer;
  readonly cancel: () => void;
  readonly signal: AbortSignal;
  /** Takes a chunk before it returns; a reason ends the reading. */
  readonly onChunk: (chunk: Uint8Array) => string | undefined;
  /** The longest silence; asked again after each chunk. */
  readonly idleMs: () => number;
}

/** `ended`: by the server, in order; `silent`: nothing came for too long. */
export type Read = { readonly kind: 'ended' } | { readonly kind: 'silent' | 'failed'; readonly reason: string };

/** Reads a body to its end. Rejects only with what `onChunk` throws. */
export function readBody({ answer, cancel, signal, onChunk, idleMs }: Reading): Promise<Read> {
  const { body } = answer;
  return new Promise((resolve, reject) => {
    let idle: NodeJS.Timeout | undefined;
    let idleAfterMs = 0;
    const settle = (how: () => void): void => {
      clearTimeout(idle);
      signal.removeEventListener('abort', stop);
      body.removeAllListeners('data');
      how();
      cancel();
    };
    const end = (read: Read): void => settle(() => resolve(read));
    const fail = (reason: string): void => end({ kind: 'failed', reason });
    const stop = (): void => fail('it is no longer wanted');
    const restart = (): void => {
      const ms = idleMs();
      if (ms === idleAfterMs) {
        idle?.refresh(); // a start reads 20,000 chunks: that many timers would be felt
        return;
      }
      idleAfterMs = ms;
      clearTimeout(idle);
      idle = setTimeout(() => end({ kind: 'silent', reason: `nothing came for ${ms / 1000} s` }), ms);
    };
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    body.once('end', () => end({ kind: 'ended' }));
    body.once('error', (error) => fail(describeFailure(error)));
    body.once('close', () => fail('the connection was cut'));
    restart();
    body.on('data', (chunk: Uint8Array) => {
      try {
        const reason = onChunk(chunk);
        if (reason === undefined) restart();
        else fail(reason);
        sweep(chunk.length);
      } catch (error) {
        settle(() => reject(error));
      }
    });
  });
}

const SWEEP_BYTES = 2 << 20;
let unsweptBytes = 0;

/** To V8 a chunk weighs as much as its handle: by itself it would collect after 20 MB of chunks. */
function sweep(bytes: number): void {
  unsweptBytes += bytes;
  if (unsweptBytes < SWEEP_BYTES) return;
  unsweptBytes = 0;
  collectYoungGarbage();
}

export type Whole =
  | { readonly kind: 'body'; readonly bytes: Uint8Array }
  | { readonly kind: 'large' }
  | { readonly kind: 'failed'; readonly reason: string };

/** A whole body of at most so many bytes, in so much time. */
export async function readWhole(
  reading: Omit<Reading, 'onChunk' | 'idleMs'>,
  longestBytes: number,
  deadlineMs: number,
): Promise<Whole> {
  let bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  const end = performance.now() + deadlineMs;
  let size = 0;
  const read = await readBody({
    ...reading,
    idleMs: () => Math.max(1, end - performance.now()),
    onChunk(chunk) {
      const needed = size + chunk.length;
      if (needed > longestBytes) return LARGE;
      if (needed > bytes.length) bytes = enlarge(bytes, needed);
      bytes.set(chunk, size);
      size = needed;
      return undefined;
    },
  });
  if (read.kind === 'ended') return { kind: 'body', bytes: bytes.subarray(0, size) };
  bytes = NOTHING; // listeners of the body keep it for a while
  if (read.reason === LARGE) return { kind: 'large' };
  return { kind: 'failed', reason: read.kind === 'silent' ? `it took more than ${deadlineMs / 1000} s` : read.reason };
}

/** One buffer, as what is large goes back to the system at once: thousands of chunks would leave their heap in pieces. */
function enlarge(bytes: Buffer, needed: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * bytes.length));
  larger.set(bytes);
  return larger;
}

const NOTHING = Buffer.alloc(0);
const FIRST_BYTES = 16 << 10;
const LARGE = 'too large';
