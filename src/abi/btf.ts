import { textAt } from './elf.ts';

/** A type of BTF, as far as an ABI is made of it. References are ids; id 0 is void. */
export type BtfType =
  | { readonly kind: 'int'; readonly name: string; readonly size: number; readonly encoding: IntEncoding }
  | { readonly kind: 'pointer'; readonly to: number }
  | { readonly kind: 'array'; readonly of: number; readonly count: number }
  | {
      readonly kind: 'struct' | 'union';
      readonly name: string;
      readonly size: number;
      readonly members: readonly BtfMember[];
    }
  | { readonly kind: 'enum'; readonly name: string; readonly size: number; readonly values: readonly BtfEnumerator[] }
  | { readonly kind: 'typedef'; readonly name: string; readonly to: number }
  | { readonly kind: 'qualifier'; readonly to: number }
  | { readonly kind: 'variable'; readonly name: string; readonly of: number }
  | { readonly kind: 'section'; readonly name: string; readonly variables: readonly number[] }
  | { readonly kind: 'other'; readonly name: string };

export type IntEncoding = 'unsigned' | 'signed' | 'char' | 'bool';

export interface BtfMember {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  /** 0: not a bitfield. */
  readonly bitSize: number;
}

export interface BtfEnumerator {
  readonly name: string;
  readonly value: number;
}

/** Types by id. */
export type Btf = readonly BtfType[];

/** Reads a .BTF section; kinds that no ABI uses come out as `other`. */
export function parseBtf(bytes: Uint8Array): Btf {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 24 || view.getUint16(0, true) !== MAGIC) throw new Error('Cannot read BTF: wrong magic');
  const headerSize = view.getUint32(4, true);
  const start = headerSize + view.getUint32(8, true);
  const end = start + view.getUint32(12, true);
  const strings = bytes.subarray(headerSize + view.getUint32(16, true));
  const types: BtfType[] = [{ kind: 'other', name: 'void' }];
  let at = start;
  while (at < end) {
    const info = view.getUint32(at + 4, true);
    const raw = {
      view,
      name: textAt(strings, view.getUint32(at, true)),
      kind: (info >>> 24) & 0x1f,
      count: info & 0xffff,
      flag: info >>> 31 === 1,
      /** Its size or the type that it refers to. */
      sizeOrType: view.getUint32(at + 8, true),
      tail: at + 12,
      text: (offset: number) => textAt(strings, offset),
    };
    types.push(readType(raw));
    at = raw.tail + tailSize(raw);
  }
  return types;
}

interface RawType {
  readonly view: DataView;
  readonly name: string;
  readonly kind: number;
  readonly count: number;
  readonly flag: boolean;
  readonly sizeOrType: number;
  readonly tail: number;
  readonly text: (offset: number) => string;
}

const MAGIC = 0xeb9f;

const KIND = {
  INT: 1,
  POINTER: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FUNCTION_PROTOTYPE: 13,
  VARIABLE: 14,
  SECTION: 15,
  DECL_TAG: 17,
  TYPE_TAG: 18,
  ENUM64: 19,
} as const;

function readType(raw: RawType): BtfType {
  const { name, sizeOrType } = raw;
  switch (raw.kind) {
    case KIND.INT:
      return { kind: 'int', name, size: sizeOrType, encoding: readEncoding(raw) };
    case KIND.POINTER:
      return { kind: 'pointer', to: sizeOrType };
    case KIND.ARRAY:
      return { kind: 'array', of: raw.view.getUint32(raw.tail, true), count: raw.view.getUint32(raw.tail + 8, true) };
    case KIND.STRUCT:
    case KIND.UNION:
      return { kind: raw.kind === KIND.STRUCT ? 'struct' : 'union', name, size: sizeOrType, members: readMembers(raw) };
    case KIND.ENUM:
      return { kind: 'enum', name, size: sizeOrType, values: readEnumerators(raw) };
    case KIND.TYPEDEF:
      return { kind: 'typedef', name, to: sizeOrType };
    case KIND.VOLATILE:
    case KIND.CONST:
    case KIND.RESTRICT:
    case KIND.TYPE_TAG:
      return { kind: 'qualifier', to: sizeOrType };
    case KIND.VARIABLE:
      return { kind: 'variable', name, of: sizeOrType };
    case KIND.SECTION:
      return { kind: 'section', name, variables: readEach(raw, 12, (at) => raw.view.getUint32(at, true)) };
    default:
      return { kind: 'other', name };
  }
}

/** Bytes behind the 12 of every type. */
function tailSize(raw: RawType): number {
  switch (raw.kind) {
    case KIND.INT:
    case KIND.VARIABLE:
    case KIND.DECL_TAG:
      return 4;
    case KIND.ARRAY:
      return 12;
    case KIND.STRUCT:
    case KIND.UNION:
    case KIND.SECTION:
    case KIND.ENUM64:
      return raw.count * 12;
    case KIND.ENUM:
    case KIND.FUNCTION_PROTOTYPE:
      return raw.count * 8;
    default:
      return 0;
  }
}

function readEncoding(raw: RawType): IntEncoding {
  const bits = (raw.view.getUint32(raw.tail, true) >>> 24) & 0xf;
  if (raw.name === 'char') return 'char';
  if (bits & 4) return 'bool';
  return bits & 1 ? 'signed' : 'unsigned';
}

function readMembers(raw: RawType): BtfMember[] {
  return readEach(raw, 12, (at) => {
    const offset = raw.view.getUint32(at + 8, true);
    return {
      name: raw.text(raw.view.getUint32(at, true)),
      type: raw.view.getUint32(at + 4, true),
      bitOffset: raw.flag ? offset & 0xffffff : offset,
      bitSize: raw.flag ? offset >>> 24 : 0,
    };
  });
}

function readEnumerators(raw: RawType): BtfEnumerator[] {
  return readEach(raw, 8, (at) => ({
    name: raw.text(raw.view.getUint32(at, true)),
    value: raw.flag ? raw.view.getInt32(at + 4, true) : raw.view.getUint32(at + 4, true),
  }));
}

function readEach<T>(raw: RawType, stride: number, read: (at: number) => T): T[] {
  return Array.from({ length: raw.count }, (_, index) => read(raw.tail + index * stride));
}
