import type { EnumLayout, Layout } from '../../src/abi/layout.ts';

/** "service_id" as "serviceId" */
export function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** "service_port" as "ServicePort" */
export function pascalCase(name: string): string {
  return camelCase(`_${name}`);
}

/** Enumerators without the prefix that they share: "x_flag" has X_F_, any other X_, else its first word's. */
export function shortNames(layout: EnumLayout): (readonly [string, number])[] {
  const upper = layout.name.toUpperCase();
  const prefixes = [`${upper.replace(/_FLAG$/, '_F')}_`, `${upper}_`, `${upper.split('_')[0] ?? ''}_`];
  const prefix = prefixes.find((candidate) => layout.values.every(({ name }) => name.startsWith(candidate))) ?? '';
  return layout.values.map(({ name, value }) => [name.slice(prefix.length), value]);
}

/** What a field's numbers are called: the enum of that name, of "<struct>_<field>", or "<struct>_flag" for `flags`. */
export function namingEnum(layout: Layout, struct: string, field: string): EnumLayout | undefined {
  const candidates = [field, `${struct}_${field}`, ...(field === 'flags' ? [`${struct}_flag`] : [])];
  return layout.enums.find(({ name }) => candidates.includes(name));
}

/** What a map's keys are called: the enum whose plural the map is. */
export function namingKeyEnum(layout: Layout, map: string): EnumLayout | undefined {
  return layout.enums.find(({ name }) => `${name}s` === map);
}

/** Are the values bits? All are powers of two, and 3 would have been next. */
export function isMask(layout: EnumLayout): boolean {
  const values = layout.values.map(({ value }) => value);
  const bits = values.every((value) => value > 0 && (value & (value - 1)) === 0);
  return bits && (layout.name.endsWith('_flag') || values.includes(4));
}

export function isPadding(field: string): boolean {
  return field === 'pad';
}

/** enum bpf_map_type, as bpftool spells it. */
export function mapTypeName(type: number): string {
  const name = MAP_TYPES[type];
  if (name === undefined) throw new Error(`Cannot name map type ${type}: add it to MAP_TYPES`);
  return name;
}

const MAP_TYPES: Readonly<Record<number, string>> = {
  1: 'hash',
  2: 'array',
  5: 'percpu_hash',
  6: 'percpu_array',
  9: 'lru_hash',
  10: 'lru_percpu_hash',
  11: 'lpm_trie',
};
