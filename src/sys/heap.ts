import process from 'node:process';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { libc } from './ffi/library.ts';
import { collectGarbage } from './garbage.ts';

const MOST_ROUNDS = 8;
/** Gaps beside what is used that are not worth a round. */
const COMPACT = 1.1;
/** A round that gives back less is the last. */
const WORTHWHILE_BYTES = 1_500_000;
/** A heap for which there is room twice. */
const SMALL_BYTES = 24_000_000;

/**
 * Gives the heap's garbage and gaps back to the system: 0.3 s at 10,000 Services. V8 by itself keeps what a start took
 * until the heap grows as far again, which at rest it never does. A large heap is compacted in rounds, each of which
 * moves a few megabytes: to move all at once needs room for the whole heap again.
 */
export function compactHeap(): void {
  collectGarbage(); // a collection that is under way has already chosen what not to compact
  const how = isSmall() ? 'compact-on-every-full-gc' : 'optimize-for-size'; // the latter: pages emptier than by a fifth
  setFlagsFromString(`--${how}`);
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const before = process.memoryUsage().heapTotal;
    collectGarbage();
    const { heapTotal, heapUsed } = process.memoryUsage();
    if (heapTotal < heapUsed * COMPACT || before - heapTotal < WORTHWHILE_BYTES) break;
  }
  setFlagsFromString(`--no-${how}`);
  libc().malloc_trim(0);
}

/** A large heap takes 0.3 s to compact, and a change waits for it; a small one a tenth of that. */
const LOOK_MS = { small: 30_000, large: 300_000 };
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
