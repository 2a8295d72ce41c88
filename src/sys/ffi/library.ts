import process from 'node:process';
import { ConfigError, SysError } from '../../errors.ts';
import type { AsideFunction, FfiDriver, Library, Pointer, RawArgument, RawFunction } from './driver.ts';
import { ffiNapiDriver } from './ffi-napi.ts';
import { koffiDriver } from './koffi.ts';
import { type ArgumentType, LIBBPF, LIBC, type ResultType, type Signature, type SignatureTable } from './signatures.ts';

interface Arguments {
  readonly i32: number;
  readonly u32: number;
  readonly u64: number | bigint;
  readonly pointer: Uint8Array | Pointer | undefined;
  readonly string: string;
}

interface Results {
  readonly void: undefined;
  readonly i32: number;
  readonly errno: number;
  readonly pointer: Pointer | undefined;
  /** number: -errno */
  readonly created: Pointer | number;
}

type ArgumentsOf<A extends readonly ArgumentType[]> = { -readonly [I in keyof A]: Arguments[A[I]] };

type Call<S extends Signature> = (...values: ArgumentsOf<S[1]>) => Results[S[0]];

export type Functions<T extends SignatureTable> = { readonly [K in keyof T]: Call<T[K]> };

const LIBBPF_FILE = 'libbpf.so.1';

let chosen: FfiDriver | undefined;
let libbpfFunctions: Functions<typeof LIBBPF> | undefined;
const asideFunctions = new Map<string, AsideFunction>();
/** What calls aside work on: nobody else may lead to it while they run. */
const held = new Set<readonly RawArgument[]>();
let libcFunctions: Functions<typeof LIBC> | undefined;

/** koffi, or ffi-napi where BPFSVC_FFI says so. */
export function driver(): FfiDriver {
  chosen ??= choose(process.env['BPFSVC_FFI'] ?? 'koffi');
  return chosen;
}

/** Throws SysError ENOENT where libbpf is missing or too old. */
export function libbpf(): Functions<typeof LIBBPF> {
  libbpfFunctions ??= bindAll(LIBBPF_FILE, LIBBPF);
  return libbpfFunctions;
}

/** bpf_object__load in a thread of its own: the verifier takes a tenth of a second. libbpf must not print meanwhile. */
export function loadObjectAside(object: Pointer): Promise<number> {
  return callAside('bpf_object__load', object);
}

/** bpf_link_create in a thread of its own: at a device it waits for every processor, 20 ms and more. It prints nothing. */
export function createLinkAside(
  program: number,
  target: number,
  attachType: number,
  options: Uint8Array,
): Promise<number> {
  return callAside('bpf_link_create', program, target, attachType, options);
}

async function callAside(symbol: keyof typeof LIBBPF, ...values: readonly RawArgument[]): Promise<number> {
  const call = asideFunctions.get(symbol) ?? driver().open(LIBBPF_FILE).bindAside(symbol, LIBBPF[symbol]);
  asideFunctions.set(symbol, call);
  held.add(values);
  try {
    return await call(...values);
  } finally {
    held.delete(values);
  }
}

export function libc(): Functions<typeof LIBC> {
  libcFunctions ??= bindAll('libc.so.6', LIBC);
  return libcFunctions;
}

function choose(name: string): FfiDriver {
  if (name === 'koffi') return koffiDriver();
  if (name === 'ffi-napi') return ffiNapiDriver();
  throw new ConfigError(`Cannot use FFI driver "${name}": BPFSVC_FFI is koffi or ffi-napi`);
}

function bindAll<T extends SignatureTable>(path: string, table: T): Functions<T> {
  const library = missing('load library', path, () => driver().open(path));
  const functions = Object.entries(table).map(([symbol, signature]) => [
    symbol,
    missing('load function', symbol, () => bind(library, symbol, signature)),
  ]);
  // The table is the type of what it makes.
  return Object.fromEntries(functions) as Functions<T>;
}

function missing<T>(operation: string, target: string, load: () => T): T {
  try {
    return load();
  } catch (cause) {
    const cure = 'programs and maps are loaded with libbpf 1.1 or later: install it (Debian: apt-get install libbpf1)';
    throw new SysError({ operation, target, errno: 2, code: 'ENOENT', cure }, { cause });
  }
}

function bind(
  library: Library,
  symbol: string,
  signature: Signature,
): (...values: (RawArgument | string)[]) => unknown {
  const [result, args] = signature;
  const call = library.bind(symbol, signature);
  const answer = answerOf(result);
  if (!args.includes('string')) return (...values) => answer(call(...(values as RawArgument[])));
  return (...values) => answer(call(...values.map(cString)));
}

/** errno is read here, in the statement after the call. */
function answerOf(result: ResultType): (raw: ReturnType<RawFunction>) => unknown {
  const errno = driver().errno;
  const failed = 0xffff_ffff_ffff_ffffn;
  switch (result) {
    case 'errno':
      return (raw) => (raw === -1 ? -errno() : raw);
    case 'created':
      return (raw) => (raw === 0n || raw === failed ? -errno() : raw);
    case 'pointer':
      return (raw) => (raw === 0n ? undefined : raw);
    case 'void':
    case 'i32':
      return (raw) => raw;
  }
}

function cString(value: RawArgument | string): RawArgument {
  return typeof value === 'string' ? Buffer.from(`${value}\0`) : value;
}
