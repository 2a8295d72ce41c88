/**
 * The list in memory of its own length: V8 leaves room for 17 items in one that was pushed to, and the model keeps
 * tens of thousands of lists of one or none.
 */
export function exact<T>(list: readonly T[]): readonly T[] {
  return list.length === 0 ? NONE : list.slice();
}

const NONE: readonly never[] = [];
