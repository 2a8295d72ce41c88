import type { Reading } from './read-file.ts';

export interface Unsettled {
  readonly reading: Reading;
  /** Its content was seen to change in place; otherwise it came, or went, by a rename. */
  readonly sawWrite: boolean;
  /** It held something before. */
  readonly held: boolean;
}

const NOW = 0;
/** Long enough for the event of a write that came with the file's creation. */
const RENAMED = 2;
/** A writer's pause between two pieces. */
const WRITTEN = 25;
const UNFINISHED = 75;
/** `kubectl get … > file` empties the file and then asks the cluster. */
const EMPTIED = 1000;

/**
 * How many milliseconds a file must stay still before it counts. JSON that can be read is whole and counts at once; half
 * a YAML file can look like a whole one, and a file that is missing may only be on its way.
 */
export function settleMs({ reading, sawWrite, held }: Unsettled): number {
  if (reading.kind === 'unreadable') return UNFINISHED;
  if (reading.kind === 'missing') return WRITTEN;
  const { manifest, endsWithNewline } = reading;
  if (manifest.isJson) return NOW;
  if (manifest.entries.length === 0) return held ? EMPTIED : WRITTEN;
  if (!manifest.isWellFormed || !endsWithNewline) return UNFINISHED;
  return sawWrite ? WRITTEN : RENAMED;
}
