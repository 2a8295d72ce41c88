import type { Signature } from './signatures.ts';

/** An address in this process. Only sys/ffi looks inside; everyone else hands it back to C. */
export type Pointer = bigint & { readonly __brand: 'Pointer' };

/** Bytes go in as their address and are not copied; undefined is NULL. */
export type RawArgument = number | bigint | Uint8Array | undefined;

/** 'created' and 'pointer' come back as an address (0n: NULL), numbers as numbers. */
export type RawFunction = (...values: readonly RawArgument[]) => number | bigint | undefined;

/** In a thread of its own: the bytes must stay as they are until it is through. */
export type AsideFunction = (...values: readonly RawArgument[]) => Promise<number>;

export interface Library {
  /** Throws where the library has no such function. */
  bind(symbol: string, signature: Signature): RawFunction;
  /** The same for a function of integers, called beside everything else. */
  bindAside(symbol: string, signature: Signature): AsideFunction;
}

/** What an FFI package must do for us; one short file each. */
export interface FfiDriver {
  readonly name: string;
  /** Throws where the dynamic loader finds no such library. */
  open(library: string): Library;
  /** Of the call just made; anything in between may change it. */
  errno(): number;
  address(bytes: Uint8Array): Pointer;
  /** The memory itself, not a copy; it must stay mapped for good. */
  view(pointer: Pointer, length: number): ArrayBuffer;
  /** libbpf_print_fn_t, for as long as the process lives. va_list is a pointer on x86-64 and arm64. */
  printCallback(print: PrintFunction): Pointer;
}

export type PrintFunction = (level: number, format: Pointer, list: Pointer) => number;
