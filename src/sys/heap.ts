import process from 'node:process';
import { getHeapSpaceStatistics } from 'node:v8';
import { libc } from './ffi/library.ts';
import { collectAllGarbage } from './garbage.ts';

/** Gives the heap's garbage and gaps back to the system: 0.3 s at 10,000 Services. V8 by itself keeps what a start took. */
export function compactHeap(): void {
  collectAllGarbage();
  libc().malloc_trim(0);
}

/** A large heap takes 0.3 s to compact, and a change waits for it; a small one a tenth of that. */
const LOOK_MS = { small: 30_000, large: 300_000 };
const SMALL_BYTES = 24_000_000;
const GROWTH = 1.1;

/**
 * Compacts a heap that has grown since it was compacted, looking now and then: V8 collects old garbage when the heap has
 * doubled, and does not give the gaps back. Compacts at once, too.
 */
export function keepHeapCompact(signal: AbortSignal): void {
  let compact = compactAndMeasure();
  let timer: NodeJS.Timeout;
  const lookLater = (): void => {
    timer = setTimeout(look, isSmall() ? LOOK_MS.small : LOOK_MS.large).unref();
  };
  const look = (): void => {
    if (oldBytes() > compact * GROWTH) compact = compactAndMeasure();
    lookLater();
  };
  lookLater();
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
}

function isSmall(): boolean {
  return process.memoryUsage().heapUsed < SMALL_BYTES;
}

function compactAndMeasure(): number {
  compactHeap();
  return oldBytes();
}

/** All but the young generation, which is full or empty at any time. */
function oldBytes(): number {
  const old = getHeapSpaceStatistics().filter(({ space_name }) => space_name !== 'new_space');
  return old.reduce((sum, { space_size }) => sum + space_size, 0);
}
