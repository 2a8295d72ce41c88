import { MAX_NAME_LENGTH, MapFlag } from './bpf-constants.ts';
import { possibleCpus } from './cpus.ts';
import { check, Errno, sysError } from './errno.ts';
import { Fd } from './fd.ts';
import { libbpf } from './ffi/library.ts';
import { type Mapping, reserveShared } from './ffi/memory.ts';
import { Struct } from './ffi/struct.ts';
import { deleteRows, readRows, updateRows } from './map-batch.ts';
import { isPerCpu, type MapInfo, readMapInfo } from './map-info.ts';
import { openPin, pinTo } from './pin.ts';

/** What a new map is made of; the kernel keeps 15 characters of the name. */
export type MapSpec = Omit<MapInfo, 'id'>;

/** 'create' refuses an existing key (EEXIST), 'replace' a missing one (ENOENT). */
export type UpdateMode = 'any' | 'create' | 'replace';

/** `count` rows back to back; a row's value takes `BpfMap.rowSize` bytes. */
export interface MapChunk {
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly count: number;
}

const UPDATE_FLAGS = { any: 0, create: 1, replace: 2 } as const;

/**
 * An open map. Keys and values are bytes of exactly `keySize` and `rowSize`; anything else throws a
 * RangeError before the kernel sees it. Refusals of the kernel throw SysError.
 */
export class BpfMap implements Disposable, MapInfo {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** Each value is one round8(valueSize) per possible CPU. */
  readonly perCpu: boolean;
  /** 1 unless perCpu. */
  readonly possibleCpus: number;
  /** Bytes of one value on the way in and out: valueSize, or round8(valueSize) * possibleCpus. */
  readonly rowSize: number;
  readonly #fd: Fd;
  #mapping: Mapping | undefined;

  private constructor(fd: Fd, info: MapInfo) {
    this.id = info.id;
    this.name = info.name;
    this.type = info.type;
    this.keySize = info.keySize;
    this.valueSize = info.valueSize;
    this.maxEntries = info.maxEntries;
    this.flags = info.flags;
    this.perCpu = isPerCpu(info.type);
    this.possibleCpus = this.perCpu ? possibleCpus() : 1;
    this.rowSize = this.perCpu ? roundUp8(info.valueSize) * this.possibleCpus : info.valueSize;
    this.#fd = fd;
  }

  /** Takes the descriptor over. `name` where the kernel's own was cut. */
  static fromFd(fd: Fd, name?: string): BpfMap {
    const info = readMapInfo(fd);
    return new BpfMap(fd, name === undefined ? info : { ...info, name });
  }

  static create(spec: MapSpec): BpfMap {
    const options = Struct.options(48).u32(28, spec.flags);
    const { type, keySize, valueSize, maxEntries } = spec;
    const name = spec.name.slice(0, MAX_NAME_LENGTH);
    const fd = libbpf().bpf_map_create(type, name, keySize, valueSize, maxEntries, options.bytes);
    return BpfMap.fromFd(new Fd(check(fd, 'create map', spec.name)), spec.name);
  }

  /** undefined: nothing is pinned at `path`. */
  static openPinned(path: string): BpfMap | undefined {
    const fd = openPin(path, 'bpf-map');
    return fd === undefined ? undefined : BpfMap.fromFd(fd);
  }

  /** undefined: no such map (any more). */
  static openById(id: number): BpfMap | undefined {
    const fd = libbpf().bpf_map_get_fd_by_id(id);
    return fd === -Errno.ENOENT ? undefined : BpfMap.fromFd(new Fd(check(fd, 'open map', `id ${id}`)));
  }

  get fd(): number {
    return this.#fd.value;
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    this.#checkKeys(key, 1);
    const value = new Uint8Array(this.rowSize);
    const result = libbpf().bpf_map_lookup_elem(this.fd, key, value);
    if (result === -Errno.ENOENT) return undefined;
    check(result, 'read map', this.name);
    return value;
  }

  update(key: Uint8Array, value: Uint8Array, mode: UpdateMode = 'any'): void {
    this.#checkKeys(key, 1);
    this.#checkValues(value, 1);
    this.#written(libbpf().bpf_map_update_elem(this.fd, key, value, UPDATE_FLAGS[mode]));
  }

  /** false: there was no such key. */
  delete(key: Uint8Array): boolean {
    this.#checkKeys(key, 1);
    const result = libbpf().bpf_map_delete_elem(this.fd, key);
    if (result === -Errno.ENOENT) return false;
    check(result, 'delete from map', this.name);
    return true;
  }

  /** Writes `count` rows that lie back to back; on a refusal the rows before it stay written. */
  updateBatch(keys: Uint8Array, values: Uint8Array, count: number): void {
    this.#checkKeys(keys, count);
    this.#checkValues(values, count);
    this.#written(updateRows(this, keys, values, count));
  }

  /** Missing keys are fine. */
  deleteBatch(keys: Uint8Array, count: number): void {
    this.#checkKeys(keys, count);
    check(deleteRows(this, keys, count), 'delete from map', this.name);
  }

  /**
   * Every row, in chunks; rows written meanwhile may be missing or come twice. A chunk is yours to keep, or with
   * `passing` yours until the next one: a large map then leaves no garbage behind.
   */
  chunks(use: 'keeping' | 'passing' = 'keeping'): Iterable<MapChunk> {
    return readRows(this, use);
  }

  /**
   * The values of an mmapable array, back to back with a stride of round8(valueSize): the same buffer at each call.
   * The rows from `from` up to `to`, if not all, are shared with the kernel until unmap or dispose; others may lead
   * nowhere.
   */
  mmap(from = 0, to = this.maxEntries): ArrayBuffer {
    if ((this.flags & MapFlag.mmapable) === 0)
      throw new Error(`Cannot map "${this.name}" into memory: it is not mmapable`);
    const stride = roundUp8(this.valueSize);
    this.#mapping ??= this.#reserve(this.maxEntries * stride);
    check(this.#mapping.share(this.fd, from * stride, to * stride), 'map into memory', this.name);
    return this.#mapping.buffer;
  }

  /** Takes what mmap() shared out of this process's memory until it is asked for again. */
  unmap(): void {
    this.#mapping?.release();
  }

  pin(path: string): void {
    pinTo(this.fd, path);
  }

  [Symbol.dispose](): void {
    this.#mapping?.release();
    this.#mapping = undefined;
    this.#fd[Symbol.dispose]();
  }

  #reserve(length: number): Mapping {
    const mapping = reserveShared(length);
    if (typeof mapping === 'number') throw sysError('map into memory', this.name, -mapping);
    return mapping;
  }

  #written(result: number): void {
    if (result === -Errno.E2BIG)
      throw sysError('write map', this.name, Errno.E2BIG, `it is full (${this.maxEntries} rows)`);
    check(result, 'write map', this.name);
  }

  #checkKeys(keys: Uint8Array, count: number): void {
    this.#checkSize('key', keys, count * this.keySize);
  }

  #checkValues(values: Uint8Array, count: number): void {
    this.#checkSize('value', values, count * this.rowSize);
  }

  #checkSize(what: 'key' | 'value', bytes: Uint8Array, wanted: number): void {
    if (bytes.length === wanted) return;
    throw new RangeError(`Cannot use ${what} with map "${this.name}": ${bytes.length} bytes, wanted are ${wanted}`);
  }
}

function roundUp8(size: number): number {
  return Math.ceil(size / 8) * 8;
}
