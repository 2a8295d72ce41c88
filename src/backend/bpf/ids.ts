/**
 * Gives out ids below a capacity, never 0. A released id rests in quarantine until it expires: a program
 * may still hold it. The id that has been free for longest comes back last.
 */
export interface IdPool {
  /** Ids that can be taken now. */
  readonly free: number;
  /** undefined: none is free. */
  take(): number | undefined;
  /** Takes this very id; false: it is out of bounds or not free. */
  claim(id: number): boolean;
  isResting(id: number): boolean;
  /** Ids at rest and when they were released. */
  resting(): Iterable<readonly [id: number, releasedMs: number]>;
  /** Puts an id to rest. */
  release(id: number, nowMs: number): void;
  /** Back in use before its rest is over; false: it does not rest. */
  revive(id: number): boolean;
  /** Undoes take: nobody has seen the id. */
  giveBack(id: number): void;
  /** Frees what was released at `untilMs` or before, and names it. */
  expire(untilMs: number): readonly number[];
}

export function createIdPool(capacity: number): IdPool {
  const taken = new Uint8Array(capacity); // resting ids count as taken
  const resting = new Map<number, number>(); // id -> released at, oldest first
  let free = Math.max(0, capacity - 1);
  let next = 1;

  const isFree = (id: number): boolean => Number.isInteger(id) && id > 0 && taken[id] === 0;
  const occupy = (id: number): void => {
    taken[id] = 1;
    free -= 1;
    if (id >= next) next = id + 1;
  };
  const vacate = (id: number): void => {
    taken[id] = 0;
    free += 1;
  };
  return {
    get free() {
      return free;
    },
    take() {
      if (free === 0) return undefined;
      for (;;) {
        if (next >= capacity) next = 1;
        if (isFree(next)) break;
        next += 1;
      }
      const id = next;
      occupy(id);
      return id;
    },
    claim(id) {
      if (!isFree(id)) return false;
      occupy(id);
      return true;
    },
    isResting: (id) => resting.has(id),
    resting: () => resting,
    release(id, nowMs) {
      resting.delete(id);
      resting.set(id, nowMs);
    },
    revive: (id) => resting.delete(id),
    giveBack: vacate,
    expire(untilMs) {
      const expired: number[] = [];
      for (const [id, releasedMs] of resting) {
        if (releasedMs > untilMs) break;
        expired.push(id);
      }
      for (const id of expired) {
        resting.delete(id);
        vacate(id);
      }
      return expired;
    },
  };
}
