import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { libc } from './ffi/library.ts';

/**
 * Gives the heap's garbage and gaps back to the system: 0.3 s at 10,000 Services. V8 by itself keeps what a start took
 * until the heap grows as far again, which at rest it never does.
 */
export function compactHeap(): void {
  setFlagsFromString('--expose-gc'); // puts it into contexts made from then on
  const collect = runInNewContext('gc') as () => void;
  collect(); // a collection that is under way has already chosen what not to compact
  setFlagsFromString('--compact-on-every-full-gc');
  collect();
  setFlagsFromString('--no-compact-on-every-full-gc');
  libc().malloc_trim(0);
}

const LOOK_MS = 5 * 60_000;
/** More than the heap of an agent at rest breathes. */
const GROWTH_BYTES = 4_000_000;

/**
 * Compacts a heap that has grown since it was compacted, looking every five minutes: V8 collects old garbage when the
 * heap has doubled, and does not give the gaps back. Compacts at once, too.
 */
export function keepHeapCompact(signal: AbortSignal): void {
  let compact = compactAndMeasure();
  const timer = setInterval(() => {
    if (process.memoryUsage().heapTotal > compact + GROWTH_BYTES) compact = compactAndMeasure();
  }, LOOK_MS);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

function compactAndMeasure(): number {
  compactHeap();
  return process.memoryUsage().heapTotal;
}
