import { describe, expect, it } from 'vitest';
import type { NodeState, ServicePort, ServicePortKey, StateDelta } from '../plan/state.ts';
import { isEmpty, mergeDeltas, NO_DELTA } from './delta.ts';

const key = (name: string) => name as ServicePortKey;
const port = (name: string) => ({ key: key(name) }) as ServicePort;
const delta = (updated: readonly string[], removed: readonly string[], node?: string): StateDelta => ({
  updated: new Map(updated.map((name) => [key(name.replace(/\d/, '')), port(name)])),
  removed: new Set(removed.map(key)),
  node: node === undefined ? undefined : ({ name: node } as NodeState),
});

describe('mergeDeltas', () => {
  it('lets the later one win', () => {
    const merged = mergeDeltas(delta(['a1', 'b1'], ['c'], 'n1'), delta(['c1', 'b2'], ['a', 'd']));
    expect(merged).toEqual(delta(['b2', 'c1'], ['a', 'd'], 'n1'));
    expect(mergeDeltas(delta([], [], 'n1'), delta([], [], 'n2'))).toEqual(delta([], [], 'n2'));
  });

  it('gives back the other where one is empty', () => {
    const some = delta(['a'], []);
    expect([mergeDeltas(some, NO_DELTA), mergeDeltas(NO_DELTA, some), isEmpty(NO_DELTA), isEmpty(some)]).toEqual([
      some,
      some,
      true,
      false,
    ]);
  });
});
