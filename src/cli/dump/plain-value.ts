import type { Field, FieldType } from '../../abi/codec.ts';
import { unpackColumn } from '../../abi/column.ts';
import { ColumnFlag, Verdict } from '../../abi/generated.ts';

/** What JSON, YAML and a person can read. */
export type Plain = string | number | boolean | readonly Plain[] | { readonly [name: string]: Plain };

/** A decoded value with its numbers named: flags as a list of names, addresses as text. */
export function toPlain(type: FieldType, value: unknown): Plain {
  switch (type.kind) {
    case 'number':
    case 'ip':
    case 'text':
      return value as string | number; // as the codec of that type decodes
    case 'bigint':
      return plainBigint(value as bigint);
    case 'bytes':
      return hex(value as Uint8Array);
    case 'column':
      return plainColumn(value as bigint);
    case 'choice':
      return nameOf(type.names, value as number);
    case 'flags':
      return flagNames(type.names, value as number);
    case 'list':
      return (value as readonly unknown[]).map((item) => toPlain(type.of, item));
    case 'struct':
      return plainStruct(type.fields, value as Readonly<Record<string, unknown>>);
  }
}

/** The sum of what each CPU has: of numbers, and of each number of a struct. */
export function sumValues(values: readonly unknown[]): unknown {
  return values.reduce(add);
}

/** The name of a number, or the number where it has none. */
export function nameOf(names: Readonly<Record<string, number>>, value: number): string | number {
  return Object.keys(names).find((name) => names[name] === value) ?? value;
}

/** Names of the bits set; what has no name comes last as a number. */
export function flagNames(names: Readonly<Record<string, number>>, value: number): (string | number)[] {
  const named = Object.entries(names).filter(([, bit]) => (value & bit) !== 0);
  const rest = named.reduce((left, [, bit]) => left & ~bit, value);
  return [...named.map(([name]) => name), ...(rest === 0 ? [] : [rest])];
}

/** JSON has no integers above 2^53: those become text. */
export function plainBigint(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
}

function plainStruct(fields: readonly Field[], value: Readonly<Record<string, unknown>>): Plain {
  return Object.fromEntries(fields.map(({ name, type }) => [name, toPlain(type, value[name])]));
}

function plainColumn(packed: bigint): Plain {
  const { verdict, offset, size, flags } = unpackColumn(packed);
  return {
    verdict: nameOf(Verdict, verdict),
    offset,
    size,
    masquerade: (flags & ColumnFlag.MASQUERADE) !== 0,
    local: (flags & ColumnFlag.LOCAL) !== 0,
    socket: (flags & ColumnFlag.SOCKET) !== 0,
  };
}

/** Six bytes are a MAC address. */
function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(bytes.length === 6 ? ':' : '');
}

function add(a: unknown, b: unknown): unknown {
  if (typeof a === 'bigint' && typeof b === 'bigint') return a + b;
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  const [left, right] = [a, b] as Readonly<Record<string, unknown>>[]; // a per-CPU value is a number or a struct of numbers
  return Object.fromEntries(Object.entries(left ?? {}).map(([name, value]) => [name, add(value, right?.[name])]));
}
