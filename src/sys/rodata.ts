import type { Pointer } from './ffi/driver.ts';
import { libbpf } from './ffi/library.ts';
import { readMemory, readString, writeMemory } from './ffi/memory.ts';

const BTF_KIND_DATASEC = 15;
const BTF_TYPE_BYTES = 12;
const SECTION = '.rodata';

interface Variable {
  readonly offset: number;
  readonly size: number;
}

/** libbpf makes a map of each section of global data: "obj.rodata", ".bss". */
export function isGlobalData(map: string): boolean {
  return /\.(rodata|data|bss|kconfig)/.test(map);
}

/** Sets `const volatile` variables of an object that is open and not yet loaded. */
export function setRodata(
  object: Pointer,
  maps: ReadonlyMap<string, Pointer>,
  values: ReadonlyMap<string, Uint8Array>,
): void {
  if (values.size === 0) return;
  const map = [...maps].find(([name]) => name.endsWith(SECTION))?.[1];
  const size = new Uint8Array(8);
  const memory = map === undefined ? undefined : libbpf().bpf_map__initial_value(map, size);
  const variables = readVariables(object);
  for (const [name, bytes] of values) {
    const variable = variables.get(name);
    if (variable === undefined || memory === undefined)
      throw new Error(`Cannot set "${name}": the object has no such constant`);
    if (variable.size !== bytes.length) {
      throw new RangeError(`Cannot set "${name}": ${bytes.length} bytes, wanted are ${variable.size}`);
    }
    writeMemory(memory, variable.offset, bytes);
  }
}

/** From the object's BTF: DATASEC .rodata holds (variable, offset, size) triples. */
function readVariables(object: Pointer): ReadonlyMap<string, Variable> {
  const { bpf_object__btf, btf__find_by_name_kind, btf__name_by_offset, btf__type_by_id } = libbpf();
  const btf = bpf_object__btf(object);
  const typeAt = (id: number, extra: number): DataView => {
    const pointer = btf__type_by_id(btf, id);
    if (pointer === undefined) throw new Error(`Cannot read BTF: it has no type ${id}`);
    const bytes = readMemory(pointer, BTF_TYPE_BYTES + extra);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const section = btf__find_by_name_kind(btf, SECTION, BTF_KIND_DATASEC);
  if (section < 0) return new Map();
  const count = typeAt(section, 0).getUint32(4, true) & 0xffff;
  const triples = typeAt(section, count * 12);
  return new Map(
    Array.from({ length: count }, (_, index) => {
      const at = BTF_TYPE_BYTES + index * 12;
      const name = btf__name_by_offset(btf, typeAt(triples.getUint32(at, true), 0).getUint32(0, true));
      return [
        readString(name),
        { offset: triples.getUint32(at + 4, true), size: triples.getUint32(at + 8, true) },
      ] as const;
    }),
  );
}
