import { AbiMismatchError, VerifierError } from '../errors.ts';
import { captureBpfLog, releaseBpfLog } from './bpf-log.ts';
import { BpfMap } from './bpf-map.ts';
import { logText, Program } from './bpf-program.ts';
import { check, sysError } from './errno.ts';
import { Fd } from './fd.ts';
import type { Pointer } from './ffi/driver.ts';
import { libbpf, libc, loadObjectAside } from './ffi/library.ts';
import { readString } from './ffi/memory.ts';
import { withoutPrint } from './ffi/print-callback.ts';
import { Struct } from './ffi/struct.ts';
import { isGlobalData, setRodata } from './rodata.ts';

/** What is decided between open and load. */
export interface ObjectOptions {
  /** Bytes of `const volatile` variables, by name. */
  readonly rodata?: ReadonlyMap<string, Uint8Array>;
  /** Open maps to use instead of new ones, by name; a map of another shape throws AbiMismatchError. */
  readonly reuse?: ReadonlyMap<string, BpfMap>;
  readonly maxEntries?: ReadonlyMap<string, number>;
  /** false leaves a program out. */
  readonly autoload?: (program: string) => boolean;
}

/** A loaded object file; owns its maps and programs, the re-used ones included (by a descriptor of its own). */
export interface BpfObject extends Disposable {
  /** Without the sections of global data (.rodata and so on). */
  readonly maps: ReadonlyMap<string, BpfMap>;
  /** Loaded ones only. */
  readonly programs: ReadonlyMap<string, Program>;
  /** Throws where the object has no such map. */
  map(name: string): BpfMap;
  program(name: string): Program;
}

/** What the verifier may write at most: kernels before 6.4 keep only the head of a longer text. */
const LOG_BYTES = 16 << 20;
const F_DUPFD_CLOEXEC = 1030;

/** Opens, configures and loads an object file. VerifierError carries the log of the program refused. */
export function openObject(path: string, options: ObjectOptions = {}): BpfObject {
  const unloaded = openUnloaded(path, options);
  const { object, log, lines } = unloaded;
  try {
    const result = captureBpfLog(lines, () => libbpf().bpf_object__load(object));
    if (result < 0) throw refusal(path, { errno: -result, lines, log: logText(log) });
    return take(path, unloaded);
  } finally {
    // Our own descriptors hold what was loaded; libbpf's memory is no longer needed.
    libbpf().bpf_object__close(object);
  }
}

/** The same, and does other work while the kernel checks the programs in another thread. */
export async function openObjectAside(path: string, options: ObjectOptions, meanwhile: () => void): Promise<BpfObject> {
  const unloaded = openUnloaded(path, options);
  try {
    const loading = withoutPrint(() => loadObjectAside(unloaded.object));
    try {
      meanwhile();
    } finally {
      await loading;
    }
    if ((await loading) >= 0) return take(path, unloaded);
  } finally {
    libbpf().bpf_object__close(unloaded.object);
  }
  return openObject(path, options); // what was refused will be again, with the reason
}

/** An object of libbpf's that the kernel has not seen yet. */
interface Unloaded {
  readonly object: Pointer;
  readonly maps: ReadonlyMap<string, Pointer>;
  readonly programs: ReadonlyMap<string, Pointer>;
  /** Where the verifier writes. */
  readonly log: Buffer;
  /** What libbpf said. */
  readonly lines: string[];
}

function openUnloaded(path: string, options: ObjectOptions): Unloaded {
  const log = Buffer.alloc(LOG_BYTES);
  const openOptions = Struct.options(80).pointer(56, log).u64(64, BigInt(LOG_BYTES));
  const lines: string[] = [];
  const opened = captureBpfLog(lines, () => libbpf().bpf_object__open_file(path, openOptions.bytes));
  if (typeof opened === 'number') throw sysError('open object', path, -opened, lines.at(0));
  try {
    const maps = list(opened, libbpf().bpf_object__next_map, libbpf().bpf_map__name);
    const programs = list(opened, libbpf().bpf_object__next_program, libbpf().bpf_program__name);
    configureMaps(maps, options);
    for (const [name, program] of programs) {
      check(
        libbpf().bpf_program__set_autoload(program, (options.autoload?.(name) ?? true) ? 1 : 0),
        'select program',
        name,
      );
    }
    setRodata(opened, maps, options.rodata ?? new Map());
    return { object: opened, maps, programs, log, lines };
  } catch (error) {
    libbpf().bpf_object__close(opened);
    throw error;
  }
}

function take(path: string, { maps, programs, lines }: Unloaded): BpfObject {
  releaseBpfLog(lines);
  return new LoadedObject(path, takeMaps(maps), takePrograms(programs));
}

class LoadedObject implements BpfObject {
  readonly maps: ReadonlyMap<string, BpfMap>;
  readonly programs: ReadonlyMap<string, Program>;
  readonly #path: string;

  constructor(path: string, maps: ReadonlyMap<string, BpfMap>, programs: ReadonlyMap<string, Program>) {
    this.#path = path;
    this.maps = maps;
    this.programs = programs;
  }

  map(name: string): BpfMap {
    const map = this.maps.get(name);
    if (map === undefined) throw new Error(`Cannot find map "${name}" in "${this.#path}"`);
    return map;
  }

  program(name: string): Program {
    const program = this.programs.get(name);
    if (program === undefined) throw new Error(`Cannot find program "${name}" in "${this.#path}"`);
    return program;
  }

  [Symbol.dispose](): void {
    for (const owned of [...this.maps.values(), ...this.programs.values()]) owned[Symbol.dispose]();
  }
}

function list(
  object: Pointer,
  next: (object: Pointer, last: Pointer | undefined) => Pointer | undefined,
  nameOf: (item: Pointer) => Pointer | undefined,
): ReadonlyMap<string, Pointer> {
  const items = new Map<string, Pointer>();
  for (let item = next(object, undefined); item !== undefined; item = next(object, item)) {
    items.set(readString(nameOf(item)), item);
  }
  return items;
}

function configureMaps(maps: ReadonlyMap<string, Pointer>, options: ObjectOptions): void {
  for (const [name, entries] of options.maxEntries ?? []) {
    check(libbpf().bpf_map__set_max_entries(wanted(maps, name), entries), 'size map', name);
  }
  for (const [name, map] of options.reuse ?? []) {
    const pointer = wanted(maps, name);
    const [ours, theirs] = [declaredShape(pointer), shape(map)];
    if (ours !== theirs) {
      const cure = 'remove it, or keep the build that made it';
      throw new AbiMismatchError({ target: name, wanted: ours, found: theirs, cure });
    }
    check(libbpf().bpf_map__reuse_fd(pointer, map.fd), 're-use map', name);
  }
}

function wanted(maps: ReadonlyMap<string, Pointer>, name: string): Pointer {
  const map = maps.get(name);
  if (map === undefined) throw new Error(`Cannot configure map "${name}": the object has none of that name`);
  return map;
}

function declaredShape(map: Pointer): string {
  const { bpf_map__type, bpf_map__key_size, bpf_map__value_size, bpf_map__max_entries, bpf_map__map_flags } = libbpf();
  return shape({
    type: bpf_map__type(map),
    keySize: bpf_map__key_size(map),
    valueSize: bpf_map__value_size(map),
    maxEntries: bpf_map__max_entries(map),
    flags: bpf_map__map_flags(map),
  });
}

function shape(map: Pick<BpfMap, 'type' | 'keySize' | 'valueSize' | 'maxEntries' | 'flags'>): string {
  return `(type ${map.type}, key ${map.keySize}, value ${map.valueSize}, ${map.maxEntries} rows, flags ${map.flags})`;
}

function takeMaps(maps: ReadonlyMap<string, Pointer>): ReadonlyMap<string, BpfMap> {
  const visible = [...maps].filter(([name]) => !isGlobalData(name));
  return new Map(visible.map(([name, map]) => [name, BpfMap.fromFd(duplicate(libbpf().bpf_map__fd(map), name), name)]));
}

function takePrograms(programs: ReadonlyMap<string, Pointer>): ReadonlyMap<string, Program> {
  const loaded = [...programs].filter(([, program]) => libbpf().bpf_program__fd(program) >= 0);
  return new Map(
    loaded.map(([name, program]) => {
      const expectedAttachType = libbpf().bpf_program__expected_attach_type(program);
      return [name, Program.fromFd(duplicate(libbpf().bpf_program__fd(program), name), { name, expectedAttachType })];
    }),
  );
}

function duplicate(fd: number, target: string): Fd {
  return new Fd(check(libc().fcntl(check(fd, 'use', target), F_DUPFD_CLOEXEC, 3), 'duplicate descriptor of', target));
}

/** libbpf names the program in its own message; the verifier's text is in our buffer. */
function refusal(path: string, { errno, lines, log }: { errno: number; lines: readonly string[]; log: string }): Error {
  const cause = sysError('load object', path, errno, lines.at(0));
  const program = lines
    .map((line) => /prog '([^']+)': BPF program load failed/.exec(line)?.[1])
    .find((name) => name !== undefined);
  return program === undefined ? cause : new VerifierError(program, log === '' ? lines.join('\n') : log, { cause });
}
