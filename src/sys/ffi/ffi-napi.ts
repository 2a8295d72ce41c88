import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import type { FfiDriver, Pointer, RawArgument, RawFunction } from './driver.ts';
import type { ArgumentType, ResultType } from './signatures.ts';

/** The part of ffi-napi that we use; its own types drag in the whole of ref-napi's. */
interface FfiNapi {
  readonly DynamicLibrary: { new (path: string, mode: number): { get(symbol: string): Buffer } };
  readonly RTLD_NOW: number;
  ForeignFunction(symbol: Buffer, result: string, args: readonly string[]): Foreign;
  Callback(result: string, args: readonly string[], body: PrintBody): Buffer;
  errno(): number;
}

interface Foreign {
  (...values: unknown[]): unknown;
  /** The last value is called back with error and result. */
  async(...values: unknown[]): void;
}

/** Integers that no double holds come as text. */
type PrintBody = (level: number, format: number | string, list: number | string) => number;

interface RefNapi {
  address(buffer: Buffer): number;
  readPointer(buffer: Buffer, offset: number, length: number): Buffer;
}

/** Addresses travel as integers: a Buffer can't stand for one without a length. */
const C_TYPE: Readonly<Record<ResultType | ArgumentType, string>> = {
  void: 'void',
  i32: 'int32',
  errno: 'int32',
  u32: 'uint32',
  u64: 'uint64',
  pointer: 'uint64',
  created: 'uint64',
  string: 'uint64',
};

/** Callbacks that C may call at any time: never collected. */
const callbacks: Buffer[] = [];

export function ffiNapiDriver(): FfiDriver {
  const require = createRequire(import.meta.url);
  const ffi = require('ffi-napi') as FfiNapi;
  const ref = require('ref-napi') as RefNapi;
  const address = (bytes: Uint8Array): Pointer =>
    BigInt(ref.address(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))) as Pointer;
  return {
    name: 'ffi-napi',
    open: (path) => {
      const library = new ffi.DynamicLibrary(path, ffi.RTLD_NOW);
      return {
        bind: (symbol, [result, args]) => {
          const call = ffi.ForeignFunction(library.get(symbol), C_TYPE[result], args.map(cType));
          return fromFfiNapi(call, result, address);
        },
        bindAside: (symbol, [result, args]) => {
          const call = ffi.ForeignFunction(library.get(symbol), C_TYPE[result], args.map(cType));
          const aside = promisify(call.async) as (...values: unknown[]) => Promise<number>; // i32, by its contract
          return (...values: readonly RawArgument[]) => aside(...values.map((value) => toC(value, address)));
        },
      };
    },
    errno: () => ffi.errno(),
    address,
    view: (pointer, length) => {
      const cell = Buffer.alloc(8);
      cell.writeBigUInt64LE(pointer);
      // ref-napi makes an ArrayBuffer of exactly this memory.
      return ref.readPointer(cell, 0, length).buffer as ArrayBuffer;
    },
    printCallback: (print) => {
      const callback = ffi.Callback('int32', ['int32', 'uint64', 'uint64'], (level, format, list) =>
        print(Number(level), BigInt(format) as Pointer, BigInt(list) as Pointer),
      );
      callbacks.push(callback);
      return address(callback);
    },
  };
}

function cType(type: ArgumentType): string {
  return C_TYPE[type];
}

function fromFfiNapi(
  call: (...values: unknown[]) => unknown,
  result: ResultType,
  address: (bytes: Uint8Array) => Pointer,
): RawFunction {
  return (...values) => {
    const answer = call(...values.map((value) => toC(value, address)));
    if (result === 'void') return undefined;
    return result === 'pointer' || result === 'created' ? BigInt(answer as number | string) : (answer as number);
  };
}

function toC(value: RawArgument, address: (bytes: Uint8Array) => Pointer): unknown {
  if (value === undefined) return 0;
  if (value instanceof Uint8Array) return address(value).toString();
  return typeof value === 'bigint' ? value.toString() : value;
}
