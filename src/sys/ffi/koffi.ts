import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import type { AsideFunction, FfiDriver, Pointer, RawFunction } from './driver.ts';
import type { ArgumentType, ResultType } from './signatures.ts';

const C_TYPE: Readonly<Record<ResultType | ArgumentType, string>> = {
  void: 'void',
  i32: 'int32_t',
  errno: 'int32_t',
  u32: 'uint32_t',
  u64: 'uint64_t',
  pointer: 'void *',
  created: 'void *',
  string: 'void *',
};

export function koffiDriver(): FfiDriver {
  // Loaded at the first call: commands that need no kernel must not pay for it.
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  return {
    name: 'koffi',
    open: (library) => {
      const handle = koffi.load(library);
      return {
        bind: (symbol, [result, args]) => fromKoffi(handle.func(symbol, C_TYPE[result], args.map(cType)), result),
        bindAside: (symbol, [result, args]) =>
          promisify(handle.func(symbol, C_TYPE[result], args.map(cType)).async) as AsideFunction, // i32, by its contract
      };
    },
    errno: () => koffi.errno(),
    address: (bytes) => koffi.address(bytes) as Pointer,
    view: (pointer, length) => koffi.view(pointer, length),
    printCallback: (print) =>
      koffi.register(print, koffi.pointer(koffi.proto('int', ['int', 'void *', 'void *']))) as Pointer,
  };
}

function cType(type: ArgumentType): string {
  return C_TYPE[type];
}

/** koffi says null for NULL. */
function fromKoffi(call: (...values: unknown[]) => unknown, result: ResultType): RawFunction {
  if (result !== 'pointer' && result !== 'created') return call as RawFunction;
  return (...values) => (call(...values) as bigint | null) ?? 0n;
}
