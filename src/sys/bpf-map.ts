/** The shape of a map as the kernel reports it. Sizes in bytes. */
export interface MapInfo {
  readonly id: number;
  readonly name: string;
  /** MapType */
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  /** MapFlag bits */
  readonly flags: number;
}

/** What a new map is made of; `name` is cut to 15 characters by the kernel's limit. */
export type MapSpec = Omit<MapInfo, 'id'>;

/** 'create' refuses an existing key (EEXIST), 'replace' a missing one (ENOENT). */
export type UpdateMode = 'any' | 'create' | 'replace';

/** `count` rows back to back; a row's value takes `BpfMap.rowSize` bytes. */
export interface MapChunk {
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly count: number;
}

/**
 * An open map. Keys and values are bytes of exactly `keySize` and `rowSize`; anything else throws a
 * RangeError before the kernel sees it. Refusals of the kernel throw SysError.
 */
export class BpfMap implements Disposable, MapInfo {
  readonly id: number = 0;
  readonly name: string = '';
  readonly type: number = 0;
  readonly keySize: number = 0;
  readonly valueSize: number = 0;
  readonly maxEntries: number = 0;
  readonly flags: number = 0;
  /** Each value is one round8(valueSize) per possible CPU. */
  readonly perCpu: boolean = false;
  /** 1 unless perCpu. */
  readonly possibleCpus: number = 1;
  /** Bytes of one value on the way in and out: valueSize, or round8(valueSize) * possibleCpus. */
  readonly rowSize: number = 0;

  static create(_spec: MapSpec): BpfMap {
    throw new Error('not there yet');
  }

  /** undefined: nothing is pinned at `path`. */
  static openPinned(_path: string): BpfMap | undefined {
    throw new Error('not there yet');
  }

  /** undefined: no such map (any more). */
  static openById(_id: number): BpfMap | undefined {
    throw new Error('not there yet');
  }

  get fd(): number {
    throw new Error('not there yet');
  }

  lookup(_key: Uint8Array): Uint8Array | undefined {
    throw new Error('not there yet');
  }

  update(_key: Uint8Array, _value: Uint8Array, _mode: UpdateMode = 'any'): void {
    throw new Error('not there yet');
  }

  /** false: there was no such key. */
  delete(_key: Uint8Array): boolean {
    throw new Error('not there yet');
  }

  /** Writes `count` rows that lie back to back; on a refusal the rows before it stay written. */
  updateBatch(_keys: Uint8Array, _values: Uint8Array, _count: number): void {
    throw new Error('not there yet');
  }

  /** Missing keys are fine. */
  deleteBatch(_keys: Uint8Array, _count: number): void {
    throw new Error('not there yet');
  }

  /** Every row, in chunks; rows written meanwhile may be missing or come twice. A chunk is yours to keep. */
  *chunks(): Iterable<MapChunk> {
    yield* [];
    throw new Error('not there yet');
  }

  /**
   * The values of an mmapable array, back to back with a stride of round8(valueSize), shared with the
   * kernel; the same buffer at each call, detached at dispose.
   */
  mmap(): ArrayBuffer {
    throw new Error('not there yet');
  }

  pin(_path: string): void {
    throw new Error('not there yet');
  }

  [Symbol.dispose](): void {
    throw new Error('not there yet');
  }
}
