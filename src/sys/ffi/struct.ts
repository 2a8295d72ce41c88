import type { Pointer } from './driver.ts';
import { driver } from './library.ts';

/** A C struct that C reads and writes; keeps what it points at alive. Offsets in bytes, native order. */
export class Struct {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #held: Uint8Array[] = [];

  constructor(size: number) {
    this.bytes = new Uint8Array(new ArrayBuffer(size));
    this.#view = new DataView(this.bytes.buffer);
  }

  /** libbpf's option structs begin with their size. */
  static options(size: number): Struct {
    return new Struct(size).u64(0, BigInt(size));
  }

  u32(offset: number, value: number): this {
    this.#view.setUint32(offset, value, true);
    return this;
  }

  u64(offset: number, value: bigint): this {
    this.#view.setBigUint64(offset, value, true);
    return this;
  }

  pointer(offset: number, target: Uint8Array | Pointer | undefined): this {
    if (target instanceof Uint8Array) {
      this.#held.push(target);
      return this.u64(offset, driver().address(target));
    }
    return this.u64(offset, target ?? 0n);
  }

  readU32(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  readU64(offset: number): bigint {
    return this.#view.getBigUint64(offset, true);
  }

  /** Text that ends at the first zero, or at `length` bytes. */
  readText(offset: number, length: number): string {
    const field = this.bytes.subarray(offset, offset + length);
    const end = field.indexOf(0);
    return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
  }
}
