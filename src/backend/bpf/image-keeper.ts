import type { maps } from '../../abi/generated.ts';
import { type Ip, ipToBytes } from '../../model/ip.ts';
import type { DataplaneState, StateDelta } from '../../plan/state.ts';
import type { BpfObject } from '../../sys/bpf-object.ts';
import type { Refusal } from '../backend.ts';
import { commit } from './commit.ts';
import { diff, diffAll } from './diff.ts';
import { HASHED_MAPS, type HashedMap, hashMap, hashRows, hashWholeMap, touchedRows } from './fingerprint.ts';
import { type Image, usedRows } from './image.ts';
import type { KernelMaps } from './kernel-maps.ts';
import { addressKey } from './living-flows.ts';
import type { Environment } from './lower-node.ts';
import { observe } from './observe.ts';
import { collectVips, drainingVips, GRACE_MS, retire } from './retire.ts';
import { isSameArray } from './same-array.ts';
import type { Write } from './write.ts';

export interface Wanted {
  readonly state: DataplaneState;
  readonly delta: StateDelta;
  readonly environment: Environment;
}

/** Holds the maps equal to the plan, and knows what is in them: the only one who writes them. */
export class ImageKeeper {
  readonly #object: BpfObject;
  readonly #kernel: KernelMaps;
  readonly #now: () => number;
  /** undefined: a commit failed, or none was made yet. */
  #image: Image | undefined;
  #previous: Image | undefined;
  /** Of the maps as they are when nobody but us has written; undefined: not known. A write of ours makes a new one. */
  #sums: ReadonlyMap<HashedMap, Sum> | undefined;

  /** `now` in milliseconds, monotonic. */
  constructor(object: BpfObject, now: () => number) {
    this.#object = object;
    this.#kernel = kernelMaps(object);
    this.#now = now;
  }

  /** Writes what changed, and repairs where the image is not known to be the kernel's. Returns how many writes it took. */
  sync(wanted: Wanted): number {
    return this.#atRest(() => (this.#image === undefined ? this.#start(wanted) : this.#syncDelta(this.#image, wanted)));
  }

  /** Looks at every row and repairs. Returns how many writes it took. */
  repair(wanted: Wanted): number {
    return this.#atRest(() => {
      const found = this.#hashAll();
      this.#previous = this.#image ?? this.#previous;
      this.#image = undefined;
      const writes = this.#syncAll(wanted);
      // Where something had to be repaired, somebody may be at it still: the next comparison looks again.
      if (writes === 0) this.#sums = found;
      return writes;
    });
  }

  /**
   * Looks for what others wrote, step by step: who runs it may sync between two of them. Returns whether all is as we
   * left it; what lies behind the last row in use of an array is not looked at.
   */
  *compare(): Generator<undefined, boolean> {
    for (const name of HASHED_MAPS) if (!(yield* this.#compareHash(name))) return false;
    for (const name of ['services', 'slots', 'backends'] as const) {
      for (let from = 0; ; from += ROWS_PER_STEP) {
        const image = this.#image;
        if (image === undefined) return false;
        const to = Math.min(from + ROWS_PER_STEP, usedRows(image)[name]);
        if (from >= to) break;
        if (!this.#atRest(() => isSameArray(this.#kernel, image, { name, from, to }))) return false;
        yield;
      }
    }
    return true;
  }

  get frontends(): number {
    return this.#image?.frontends.size ?? 0;
  }

  get backends(): number {
    return this.#image?.backends.size ?? 0;
  }

  get refused(): readonly Refusal[] {
    return Array.from(this.#image?.refused ?? [], ([service, { reason }]) => ({ service, reason }));
  }

  /** Milliseconds until what was given up now may be freed by retire(). */
  get graceMs(): number {
    return GRACE_MS;
  }

  /** Frees ids and ranges that were given up long enough ago. Returns how many writes it took. */
  retire(): number {
    const image = this.#image;
    return image === undefined ? 0 : this.#atRest(() => this.#commit(retire(image, this.#now())));
  }

  /** VIPs that nothing is served at any more, by addressKey. */
  get draining(): ReadonlyMap<string, Ip> {
    const vips = this.#image === undefined ? [] : drainingVips(this.#image);
    return new Map(vips.map((vip) => [addressKey(ipToBytes(vip)), vip]));
  }

  /** Forgets those of `asked` that no flow dials; `dialled` by addressKey. Returns how many writes it took. */
  forgetVips(asked: ReadonlyMap<string, Ip>, dialled: ReadonlySet<string>): number {
    if (this.#image === undefined) return 0;
    const idle = new Set(Array.from(asked).flatMap(([key, vip]) => (dialled.has(key) ? [] : [vip])));
    const referenced = new Set(drainingVips(this.#image).filter((vip) => !idle.has(vip)));
    return this.#commit(collectVips(this.#image, referenced));
  }

  /** At rest the arrays are 18 MB of memory for nothing. */
  #atRest<T>(work: () => T): T {
    try {
      return work();
    } finally {
      this.#unmap();
    }
  }

  #unmap(): void {
    for (const name of ['services', 'slots', 'backends'] as const) this.#object.map(name).unmap();
  }

  #start(wanted: Wanted): number {
    const writes = this.#syncAll(wanted);
    this.#sums = this.#hashAll();
    return writes;
  }

  #syncAll({ state, environment }: Wanted): number {
    this.#sums = undefined;
    const image = observe(this.#kernel, this.#previous);
    this.#unmap(); // it looked at every row, the writes meet few
    this.#previous = undefined;
    this.#image = image;
    const { node, servicePorts } = state;
    const parts = diffAll(image, { servicePorts, node, environment, nowMs: this.#now() });
    return this.#commitParts(parts);
  }

  #syncDelta(image: Image, { state, delta, environment }: Wanted): number {
    const nowMs = this.#now();
    const retired = this.#commit(retire(image, nowMs));
    const { updated, removed } = delta;
    return retired + this.#commitParts(diff(image, { updated, removed, node: state.node, environment, nowMs }));
  }

  #commitParts(parts: Iterable<readonly Write[]>): number {
    let count = 0;
    for (const writes of parts) count += this.#commit(writes);
    return count;
  }

  /** The image is already where the writes lead: if they fail, only the kernel knows where it is. */
  #commit(writes: readonly Write[]): number {
    if (writes.length === 0) return 0;
    const sums = this.#sums;
    const touched = sums === undefined ? undefined : touchedRows(writes);
    const before = touched === undefined ? undefined : hashRows(this.#object, touched);
    this.#previous = this.#image;
    this.#image = undefined;
    const count = commit(writes, this.#kernel);
    this.#image = this.#previous;
    this.#previous = undefined;
    this.#sums = sums && touched && before && movedSums(sums, { before, after: hashRows(this.#object, touched) });
    return count;
  }

  #hashAll(): ReadonlyMap<HashedMap, Sum> {
    return new Map(HASHED_MAPS.map((name) => [name, { sum: hashWholeMap(this.#object, name) }]));
  }

  /** A map that we wrote to between two steps is read once more, in one. */
  *#compareHash(name: HashedMap): Generator<undefined, boolean> {
    const before = this.#sums?.get(name);
    const found = yield* hashMap(this.#object, name);
    const after = this.#sums?.get(name);
    if (after === undefined) return false;
    return after.sum === (before === after ? found : hashWholeMap(this.#object, name));
  }
}

interface Sum {
  readonly sum: number;
}

/** About a megabyte at most. */
const ROWS_PER_STEP = 16_384;

function movedSums(
  sums: ReadonlyMap<HashedMap, Sum>,
  by: Readonly<Record<'before' | 'after', ReadonlyMap<HashedMap, number>>>,
): ReadonlyMap<HashedMap, Sum> {
  const moved = new Map(sums);
  for (const name of new Set([...by.before.keys(), ...by.after.keys()])) {
    const sum = (sums.get(name)?.sum ?? 0) - (by.before.get(name) ?? 0) + (by.after.get(name) ?? 0);
    moved.set(name, { sum: sum | 0 });
  }
  return moved;
}

/** The maps of the image, of a loaded object. */
export function kernelMaps(object: BpfObject): KernelMaps {
  const named = (name: keyof typeof maps) => object.map(name);
  return {
    services: named('services'),
    slots: named('slots'),
    backends: named('backends'),
    config: named('config'),
    vips: named('vips'),
    frontends: named('frontends'),
    members: named('members'),
    service_names: named('service_names'),
    source_ranges: named('source_ranges'),
    service_counters: named('service_counters'),
    backend_counters: named('backend_counters'),
  };
}
