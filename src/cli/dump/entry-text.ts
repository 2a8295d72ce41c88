import type { OutputFormat } from '../output.ts';
import type { Plain } from './plain-value.ts';

/** What is known of a map before its entries. */
export interface MapHead {
  readonly name: string;
  readonly type: string;
  readonly maxEntries: number;
}

export interface MapEntry {
  readonly key: Plain;
  readonly value: Plain;
  /** The value of each possible CPU; `value` is their sum. */
  readonly perCpu?: readonly Plain[];
}

/** Pieces of a text that never lies whole in memory: join what the methods return, in the order of the calls. */
export interface EntryText {
  map(head: MapHead): string;
  entry(entry: MapEntry): string;
  endOfMap(): string;
  end(): string;
}

export function createEntryText(format: OutputFormat): EntryText {
  return { json: createJson, yaml: createYaml, table: createLines }[format]();
}

function createJson(): EntryText {
  let isFirstMap = true;
  let isFirstEntry = true;
  return {
    map(head) {
      const fields = JSON.stringify(head).slice(0, -1);
      const text = `${isFirstMap ? '[\n' : ',\n'}${fields},"entries":[`;
      isFirstMap = false;
      isFirstEntry = true;
      return text;
    },
    entry(entry) {
      const text = `${isFirstEntry ? '\n' : ',\n'}  ${JSON.stringify(entry)}`;
      isFirstEntry = false;
      return text;
    },
    endOfMap: () => (isFirstEntry ? ']}' : '\n]}'),
    end: () => (isFirstMap ? '[]\n' : '\n]\n'),
  };
}

/** Flow style within an entry: JSON is YAML. */
function createYaml(): EntryText {
  let entries = 0;
  let maps = 0;
  return {
    map({ name, type, maxEntries }) {
      maps += 1;
      entries = 0;
      return `- name: ${name}\n  type: ${type}\n  maxEntries: ${maxEntries}\n  entries:`;
    },
    entry(entry) {
      entries += 1;
      return `${entries === 1 ? '\n' : ''}    - ${JSON.stringify(entry)}\n`;
    },
    endOfMap: () => (entries === 0 ? ' []\n' : ''),
    end: () => (maps === 0 ? '[]\n' : ''),
  };
}

/** A line for each entry. */
function createLines(): EntryText {
  let entries = 0;
  let isFirst = true;
  return {
    map({ name, type, maxEntries }) {
      const text = `${isFirst ? '' : '\n'}${name} (${type}, at most ${maxEntries})\n`;
      isFirst = false;
      entries = 0;
      return text;
    },
    entry({ key, value, perCpu }) {
      entries += 1;
      const apart = perCpu === undefined ? '' : `  (${perCpu.map(lineOf).join(' | ')})`;
      return `  ${lineOf(key)}  ->  ${lineOf(value)}${apart}\n`;
    },
    endOfMap: () => (entries === 0 ? '  empty\n' : ''),
    end: () => '',
  };
}

/** `a=1 b=[X Y] c=10.0.0.1` */
function lineOf(value: Plain): string {
  if (typeof value === 'string') return value === '' ? '""' : value;
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return `[${value.map(lineOf).join(' ')}]`;
  return Object.entries(value)
    .map(([name, part]) => `${name}=${isNested(part) ? `{${lineOf(part)}}` : lineOf(part)}`)
    .join(' ');
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}

function isNested(value: Plain): boolean {
  return typeof value === 'object' && !isList(value);
}
