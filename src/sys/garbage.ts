import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Frees what nothing leads to any more; V8 by itself lets a heap grow to the double first. */
export function collectGarbage(): void {
  collector()();
}

/** Frees what was made since the last collection and is no longer needed: half a millisecond. */
export function collectYoungGarbage(): void {
  collector()({ type: 'minor' });
}

/** Frees all that can be freed, moves together what is left, and gives the rest back to the system. */
export function collectAllGarbage(): void {
  collector()({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

interface Collection {
  readonly type: 'minor' | 'major';
  readonly execution?: 'sync';
  /** Of V8 from Node 22 on; before, gaps stay. */
  readonly flavor?: 'last-resort';
}

type Collect = (collection?: Collection) => void;

let collect: Collect | undefined;

function collector(): Collect {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc'); // puts it into contexts made from then on
    collect = runInNewContext('gc') as Collect;
  }
  return collect;
}
