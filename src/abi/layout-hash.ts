import { type Layout, readLayout, type ValueType } from './layout.ts';

/** SHA-256 of UTF-8 text in hex. Passed in: this folder knows no node:crypto. */
export type Sha256 = (text: string) => string;

/**
 * Names the layout of an object file: equal for every file that the same agent may use. It covers
 * structs, enums and what maps hold, not limits, addresses of types or the compiler. Throws as readLayout.
 */
export function hashObjectFile(objectFile: Uint8Array, sha256: Sha256): string {
  return hashLayout(readLayout(objectFile), sha256);
}

export function hashLayout(layout: Layout, sha256: Sha256): string {
  return sha256(canonicalText(layout)).slice(0, 12);
}

/** Limits may change without a new layout. */
const LIMITS = 'sizes';

function canonicalText(layout: Layout): string {
  const lines: string[] = [];
  for (const { name, size, fields } of layout.structs) {
    lines.push(
      `struct ${name} ${size}`,
      ...fields.map((field) => `${field.offset} ${field.name} ${typeText(field.type)}`),
    );
  }
  for (const { name, values } of layout.enums) {
    if (name !== LIMITS) lines.push(`enum ${name}`, ...values.map((value) => `${value.value} ${value.name}`));
  }
  for (const { name, type, flags, key, value } of layout.maps) {
    lines.push(`map ${name} ${type} ${flags} ${typeText(key)} ${typeText(value)}`);
  }
  return `${lines.join('\n')}\n`;
}

function typeText(type: ValueType): string {
  switch (type.kind) {
    case 'number':
      return `${type.order} ${type.size}`;
    case 'struct':
      return `struct ${type.name}`;
    case 'list':
      return `${typeText(type.of)} x ${type.count}`;
    default:
      return `${type.kind} ${type.size}`;
  }
}
