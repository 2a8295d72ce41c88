import type { Write } from '../write.ts';

/** What makes new verdicts possible, then real. Each list in the order of its fields. */
export interface Additions {
  /** Before a slot names them. */
  readonly backends: Write[];
  /** Before a column names them. */
  readonly slots: Write[];
  readonly names: Write[];
  /** Rows that allow more, before the policy that asks for them. */
  readonly sourceRanges: Write[];
  readonly members: Write[];
  readonly policies: Write[];
  /** The commit points of services that clients know. */
  readonly columns: Write[];
  /** The commit points of those they don't. */
  readonly frontends: Write[];
  /** Last: before its frontends are there an address would refuse what passed until now. */
  readonly vips: Write[];
}

/** What nothing needs any more once all additions are written. */
export interface Removals {
  /** First: without them an address would refuse what is to pass from now on. */
  readonly vips: Write[];
  readonly frontends: Write[];
  readonly columns: Write[];
  /** Before the rows that a stricter policy asks for are gone. */
  readonly policies: Write[];
  readonly members: Write[];
  readonly sourceRanges: Write[];
  readonly names: Write[];
}

export function createAdditions(): Additions {
  return {
    backends: [],
    slots: [],
    names: [],
    sourceRanges: [],
    members: [],
    policies: [],
    columns: [],
    frontends: [],
    vips: [],
  };
}

export function createRemovals(): Removals {
  return { vips: [], frontends: [], columns: [], policies: [], members: [], sourceRanges: [], names: [] };
}

export function inOrder(writes: Additions | Removals): readonly Write[] {
  const all: Write[] = [];
  for (const list of Object.values<readonly Write[]>({ ...writes })) for (const write of list) all.push(write);
  return all;
}
