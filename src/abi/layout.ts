import { type Btf, type BtfMember, type BtfType, parseBtf } from './btf.ts';
import { findSection } from './elf.ts';
import { readMaps } from './map-layout.ts';

/** Everything that crosses kernel and user, as the BTF of an object file tells it. Sorted by name; structs after their parts. */
export interface Layout {
  readonly structs: readonly StructLayout[];
  readonly enums: readonly EnumLayout[];
  readonly maps: readonly MapLayout[];
}

export interface StructLayout {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly fields: readonly FieldLayout[];
}

export interface FieldLayout {
  readonly name: string;
  /** Bytes from the start of the struct. */
  readonly offset: number;
  readonly type: ValueType;
}

export type ValueType =
  | { readonly kind: 'number'; readonly size: 1 | 2 | 4; readonly order: ByteOrder }
  | { readonly kind: 'bigint'; readonly size: 8 }
  /** column_t: see column.ts */
  | { readonly kind: 'column'; readonly size: 8 }
  /** struct ip */
  | { readonly kind: 'ip'; readonly size: 16 }
  /** char[]: ends at the first zero byte */
  | { readonly kind: 'text'; readonly size: number }
  /** __u8[] */
  | { readonly kind: 'bytes'; readonly size: number }
  | { readonly kind: 'struct'; readonly size: number; readonly name: string }
  | { readonly kind: 'list'; readonly size: number; readonly of: ValueType; readonly count: number };

export type ByteOrder = 'host' | 'wire';

export interface EnumLayout {
  readonly name: string;
  readonly values: readonly { readonly name: string; readonly value: number }[];
}

export interface MapLayout {
  readonly name: string;
  /** enum bpf_map_type */
  readonly type: number;
  readonly flags: number;
  readonly maxEntries: number;
  readonly key: ValueType;
  readonly value: ValueType;
}

/** Throws for a file without BTF, and for a type that has no one fixed layout. */
export function readLayout(objectFile: Uint8Array): Layout {
  const section = findSection(objectFile, '.BTF');
  if (section === undefined) throw new Error('Cannot read layout: the object file has no BTF');
  const btf = parseBtf(section);
  const reader = new LayoutReader(btf);
  readAnchors(btf, reader);
  const maps = readMaps(btf, (id, owner) => reader.readValue(id, owner));
  return {
    structs: partsFirst(reader.structs),
    enums: byName([...reader.enums.values()]),
    maps: byName(maps),
  };
}

/** Gathers the structs and enums that it meets. */
class LayoutReader {
  readonly structs = new Map<string, StructLayout>();
  readonly enums = new Map<string, EnumLayout>();
  readonly #btf: Btf;

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  /** `owner` names the place in messages. */
  readValue(id: number, owner: string): ValueType {
    const type = this.#at(id);
    switch (type.kind) {
      case 'typedef':
        return scalarOf(type.name, owner);
      case 'array':
        return this.#readArray(this.readElement(type.of, owner), type.count);
      case 'struct':
        return this.#readStruct(type, owner);
      case 'qualifier':
        return this.readValue(type.to, owner);
      default:
        return refuse(owner, REFUSALS[type.kind] ?? `${type.kind} types have no fixed layout`);
    }
  }

  readEnum(id: number): void {
    const type = this.#at(id);
    if (type.kind === 'enum' && type.name !== '') this.enums.set(type.name, { name: type.name, values: type.values });
  }

  /** As readValue; char is only known inside of an array. */
  readElement(id: number, owner: string): ValueType | 'char' {
    const type = this.#at(id);
    return type.kind === 'int' && type.encoding === 'char' ? 'char' : this.readValue(id, owner);
  }

  #readArray(element: ValueType | 'char', count: number): ValueType {
    if (element === 'char') return { kind: 'text', size: count };
    if (element.kind === 'number' && element.size === 1) return { kind: 'bytes', size: count };
    return { kind: 'list', size: element.size * count, of: element, count };
  }

  #readStruct(type: BtfType & { kind: 'struct' | 'union' }, owner: string): ValueType {
    const { name, size } = type;
    if (name === '') return refuse(owner, 'anonymous structs have no name to generate');
    if (name === 'ip' && size === 16) return { kind: 'ip', size };
    if (!this.structs.has(name)) {
      const fields = type.members.map((member) => this.#readField(member, name));
      refuseHoles(name, size, fields);
      this.structs.set(name, { name, size, fields });
    }
    return { kind: 'struct', size, name };
  }

  #readField(member: BtfMember, struct: string): FieldLayout {
    const owner = `${struct}.${member.name}`;
    if (member.bitSize !== 0 || member.bitOffset % 8 !== 0) return refuse(owner, 'bitfields have no fixed layout');
    return { name: member.name, offset: member.bitOffset / 8, type: this.readValue(member.type, owner) };
  }

  #at(id: number): BtfType {
    const type = this.#btf[id];
    if (type === undefined) throw new Error(`Cannot read BTF: there is no type ${id}`);
    return type;
  }
}

/** What libbpf never makes a map of: types that maps do not mention stay in BTF through the members of this struct. */
const ANCHOR = 'abi';

const REFUSALS: Readonly<Record<string, string>> = {
  int: 'plain C types differ between machines: use __u8 to __u64, __be16 or __be32',
  pointer: 'pointers mean nothing on the other side',
  union: 'unions do not say what they hold',
  enum: 'the size of an enum is up to the compiler: use __u8 or __u32',
};

const SCALARS: Readonly<Record<string, ValueType>> = {
  __u8: { kind: 'number', size: 1, order: 'host' },
  __u16: { kind: 'number', size: 2, order: 'host' },
  __u32: { kind: 'number', size: 4, order: 'host' },
  __u64: { kind: 'bigint', size: 8 },
  __be16: { kind: 'number', size: 2, order: 'wire' },
  __be32: { kind: 'number', size: 4, order: 'wire' },
  column_t: { kind: 'column', size: 8 },
};

function readAnchors(btf: Btf, reader: LayoutReader): void {
  const anchor = btf.find((type) => type.kind === 'struct' && type.name === ANCHOR);
  if (anchor?.kind !== 'struct') return;
  for (const member of anchor.members) {
    if (btf[member.type]?.kind === 'enum') reader.readEnum(member.type);
    else reader.readValue(member.type, `${ANCHOR}.${member.name}`);
  }
}

function scalarOf(typedef: string, owner: string): ValueType {
  return SCALARS[typedef] ?? refuse(owner, `typedef "${typedef}" is unknown here`);
}

function refuseHoles(struct: string, size: number, fields: readonly FieldLayout[]): void {
  let end = 0;
  for (const field of fields) {
    if (field.offset !== end)
      refuse(`${struct}.${field.name}`, `implicit padding before it: name ${field.offset - end} bytes of pad`);
    end = field.offset + field.type.size;
  }
  if (end !== size) refuse(struct, `implicit padding at its end: name ${size - end} bytes of pad`);
}

function refuse(owner: string, reason: string): never {
  throw new Error(`Cannot represent "${owner}": ${reason}`);
}

function byName<T extends { readonly name: string }>(values: readonly T[]): T[] {
  return values.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** By name, but each struct after those that it holds. */
function partsFirst(structs: ReadonlyMap<string, StructLayout>): StructLayout[] {
  const ordered = new Set<StructLayout>();
  const visit = (struct: StructLayout): void => {
    for (const { type } of struct.fields) {
      const part = type.kind === 'list' ? type.of : type;
      const found = part.kind === 'struct' ? structs.get(part.name) : undefined;
      if (found !== undefined) visit(found);
    }
    ordered.add(struct);
  };
  for (const struct of byName([...structs.values()])) visit(struct);
  return [...ordered];
}
