/** Places of `slots` that lie side by side. */
export interface SlotRange {
  readonly offset: number;
  readonly size: number;
}

export interface RestingRange {
  readonly range: SlotRange;
  readonly releasedMs: number;
}

/** Cuts `slots` into ranges. A released range rests until it expires: a program may still read it. */
export interface SlotRangePool {
  /** The longest range that can be had now. */
  readonly longest: number;
  /** The first gap that is long enough; undefined: there is none. */
  allocate(size: number): SlotRange | undefined;
  /** Takes this very range; false: part of it is out of bounds or not free. */
  claim(range: SlotRange): boolean;
  release(range: SlotRange, nowMs: number): void;
  resting(): Iterable<RestingRange>;
  /** Undoes allocate: nobody has seen the range. */
  giveBack(range: SlotRange): void;
  /** Frees what was released at `untilMs` or before; false: nothing was. */
  expire(untilMs: number): boolean;
}

export function createSlotRangePool(capacity: number): SlotRangePool {
  const gaps: SlotRange[] = [{ offset: 0, size: capacity }]; // by offset, never adjacent, never empty
  const resting: RestingRange[] = []; // oldest first

  /** Index of the last gap that starts at or before `offset`; -1: none. */
  const gapBefore = (offset: number): number => {
    let low = 0;
    let high = gaps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((gaps[middle]?.offset ?? Infinity) <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
  const cut = (index: number, gap: SlotRange, range: SlotRange): void => {
    const left = { offset: gap.offset, size: range.offset - gap.offset };
    const right = { offset: endOf(range), size: endOf(gap) - endOf(range) };
    gaps.splice(index, 1, ...[left, right].filter(({ size }) => size > 0));
  };
  const free = (range: SlotRange): void => {
    const index = gapBefore(range.offset);
    const left = gaps[index];
    const right = gaps[index + 1];
    const joinsLeft = left !== undefined && endOf(left) === range.offset;
    const joinsRight = right !== undefined && right.offset === endOf(range);
    const offset = joinsLeft ? left.offset : range.offset;
    const end = joinsRight ? endOf(right) : endOf(range);
    const first = joinsLeft ? index : index + 1;
    gaps.splice(first, Number(joinsLeft) + Number(joinsRight), { offset, size: end - offset });
  };
  return {
    get longest() {
      return gaps.reduce((longest, { size }) => Math.max(longest, size), 0);
    },
    allocate(size) {
      const index = gaps.findIndex((gap) => gap.size >= size);
      const gap = gaps[index];
      if (gap === undefined) return undefined;
      const range = { offset: gap.offset, size };
      cut(index, gap, range);
      return range;
    },
    claim(range) {
      const index = gapBefore(range.offset);
      const gap = gaps[index];
      if (gap === undefined || range.size < 1 || endOf(range) > endOf(gap)) return false;
      cut(index, gap, range);
      return true;
    },
    release: (range, releasedMs) => void resting.push({ range, releasedMs }),
    resting: () => resting,
    giveBack: free,
    expire(untilMs) {
      const young = resting.findIndex(({ releasedMs }) => releasedMs > untilMs);
      const expired = resting.splice(0, young === -1 ? resting.length : young);
      for (const { range } of expired) free(range);
      return expired.length > 0;
    },
  };
}

function endOf(range: SlotRange): number {
  return range.offset + range.size;
}
