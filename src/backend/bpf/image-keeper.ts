import type { maps } from '../../abi/generated.ts';
import { type Ip, ipToBytes } from '../../model/ip.ts';
import type { DataplaneState, StateDelta } from '../../plan/state.ts';
import type { BpfObject } from '../../sys/bpf-object.ts';
import type { Refusal } from '../backend.ts';
import { commit } from './commit.ts';
import { diff, diffAll } from './diff.ts';
import { fingerprint, fingerprintOf, touchedRows } from './fingerprint.ts';
import { addressKey } from './gc/ct-expiry.ts';
import type { Image } from './image.ts';
import type { KernelMaps } from './kernel-maps.ts';
import type { Environment } from './lower-node.ts';
import { observe } from './observe.ts';
import { collectVips, drainingVips, GRACE_MS, retire } from './retire.ts';
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
  /** Of the maps as they are when nobody but us has written; undefined: not known. */
  #fingerprint: number | undefined;

  /** `now` in milliseconds, monotonic. */
  constructor(object: BpfObject, now: () => number) {
    this.#object = object;
    this.#kernel = kernelMaps(object);
    this.#now = now;
  }

  /** Writes what changed; where nothing did, compares with the kernel and repairs. Returns how many writes it took. */
  sync(wanted: Wanted, isResync: boolean): number {
    if (this.#image !== undefined && !isResync) return this.#syncDelta(this.#image, wanted);
    const writes = isResync ? this.#resync(wanted) : this.#start(wanted);
    this.#unmap();
    return writes;
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
    return image === undefined ? 0 : this.#commit(retire(image, this.#now()));
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

  /** At rest the arrays are 18 MB of memory for nothing. Changes map them again, until the next resync. */
  #unmap(): void {
    for (const name of ['services', 'slots', 'backends'] as const) this.#object.map(name).unmap();
  }

  #start(wanted: Wanted): number {
    const writes = this.#syncAll(wanted);
    this.#fingerprint = fingerprint(this.#object);
    return writes;
  }

  /** Looks at every row unless the maps are as we left them. */
  #resync(wanted: Wanted): number {
    const found = fingerprint(this.#object);
    const image = this.#image;
    if (image !== undefined && this.#fingerprint === found) return this.#syncDelta(image, wanted);
    this.#previous = image ?? this.#previous;
    this.#image = undefined;
    const writes = this.#syncAll(wanted);
    // Where something had to be repaired, somebody may be at it still: the next resync looks again.
    if (writes === 0) this.#fingerprint = found;
    return writes;
  }

  #syncAll({ state, environment }: Wanted): number {
    this.#fingerprint = undefined;
    const image = observe(this.#kernel, this.#previous);
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
    const touched = this.#fingerprint === undefined ? undefined : touchedRows(writes);
    const before = touched === undefined ? 0 : fingerprintOf(this.#object, touched);
    this.#previous = this.#image;
    this.#image = undefined;
    const count = commit(writes, this.#kernel);
    this.#image = this.#previous;
    this.#previous = undefined;
    this.#fingerprint = touched && this.#movedFingerprint(before, fingerprintOf(this.#object, touched));
    return count;
  }

  #movedFingerprint(before: number, after: number): number | undefined {
    return this.#fingerprint === undefined ? undefined : (this.#fingerprint - before + after) | 0;
  }
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
