import type { BpfMap } from './bpf-map.ts';
import type { Program } from './bpf-program.ts';

/** What is decided between open and load. */
export interface ObjectOptions {
  /** Bytes of `const volatile` variables, by name. */
  readonly rodata?: ReadonlyMap<string, Uint8Array>;
  /** Open maps to use instead of new ones, by name; a map of another shape is refused. */
  readonly reuse?: ReadonlyMap<string, BpfMap>;
  readonly maxEntries?: ReadonlyMap<string, number>;
  /** false leaves a program out; map() and the other programs are not affected. */
  readonly autoload?: (program: string) => boolean;
}

/** A loaded object file; owns its maps and programs. */
export interface BpfObject extends Disposable {
  /** Without the sections of global data (.rodata and so on). */
  readonly maps: ReadonlyMap<string, BpfMap>;
  /** Loaded ones only. */
  readonly programs: ReadonlyMap<string, Program>;
  /** Throws where the object has no such map. */
  map(name: string): BpfMap;
  program(name: string): Program;
}

/** Opens, configures and loads an object file. VerifierError carries the log of the program refused. */
export function openObject(_path: string, _options: ObjectOptions = {}): BpfObject {
  throw new Error('not there yet');
}
