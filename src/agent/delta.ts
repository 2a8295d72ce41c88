import type { StateDelta } from '../plan/state.ts';

export const NO_DELTA: StateDelta = { updated: new Map(), removed: new Set(), node: undefined };

export function isEmpty(delta: StateDelta): boolean {
  return delta.updated.size === 0 && delta.removed.size === 0 && delta.node === undefined;
}

/** What two deltas in a row amount to. */
export function mergeDeltas(first: StateDelta, second: StateDelta): StateDelta {
  if (isEmpty(first)) return second;
  if (isEmpty(second)) return first;
  const updated = new Map([...first.updated, ...second.updated]);
  const removed = new Set([...first.removed, ...second.removed]);
  for (const key of second.removed) updated.delete(key);
  for (const key of second.updated.keys()) removed.delete(key);
  return { updated, removed, node: second.node ?? first.node };
}
