import { type ModelObject, nameObject, nameOf, parseObject } from '../../model/object.ts';
import { type Parse, refuse } from '../../model/parse.ts';
import { fieldsOf } from '../../model/untrusted.ts';
import { jsonItemLines } from './json-item-lines.ts';
import { loadYaml } from './load-yaml.ts';
import { contentLine, type Piece, splitDocuments } from './split-documents.ts';
import { splitList } from './split-list.ts';

/** One object of a file, or what stands where one should. */
export interface Entry {
  /** "Service ns1/svc1"; undefined where it can't be told. */
  readonly name: string | undefined;
  /** Of the file, from 1. */
  readonly line: number;
  /** Its place in a List of which many items may stand on one line. */
  readonly item?: number;
  readonly parsed: Parse<ModelObject>;
}

export interface Manifest {
  readonly entries: readonly Entry[];
  /** JSON shows whether it is whole; half a YAML file can look like a whole one. */
  readonly isJson: boolean;
  /** Every document could be read as YAML or JSON. */
  readonly isWellFormed: boolean;
}

/** Reads a file of YAML or JSON, of one or many documents; Lists are taken item by item. Never throws. */
export function parseManifest(text: string): Manifest {
  const body = text.replace(/^\uFEFF/, '');
  const json = /^\s*\{/.test(body) ? parseJson(body) : undefined;
  if (json !== undefined) return { entries: readJson(body, json.raw), isJson: true, isWellFormed: true };
  const entries: Entry[] = [];
  let isWellFormed = true;
  for (const document of splitDocuments(body)) {
    for (const entry of readYaml(document)) {
      if (entry.isMalformed) isWellFormed = false;
      entries.push(entry.entry);
    }
  }
  return { entries, isJson: false, isWellFormed };
}

interface YamlEntry {
  readonly entry: Entry;
  readonly isMalformed: boolean;
}

function parseJson(text: string): { readonly raw: unknown } | undefined {
  try {
    return { raw: JSON.parse(text) };
  } catch {
    return undefined; // YAML may still read it, and knows the line of what is wrong
  }
}

function readJson(text: string, raw: unknown): readonly Entry[] {
  const items = listItems(raw);
  if (items === undefined) return [readObject(raw, 1)];
  let lines: readonly number[] | undefined; // most files are without fault: nobody asks
  return items.map((each, item) => ({
    ...readObject(each, 1),
    item,
    get line() {
      lines ??= jsonItemLines(text);
      return lines[item] ?? 1;
    },
  }));
}

function* readYaml(document: Piece): Iterable<YamlEntry> {
  const split = splitList(document);
  const header = split === undefined ? undefined : loadYaml(split.header);
  if (split !== undefined && header?.ok === true && isList(header.raw)) {
    // An anchor may be used in another item than its own.
    if (!document.text.includes('&')) {
      for (const item of split.items) yield* readListItem(item, header.raw);
      return;
    }
  }
  const line = document.line + (contentLine(document.text) ?? 0);
  const loaded = loadYaml(document.text);
  if (!loaded.ok) {
    yield malformed(document.line + loaded.line, loaded.reason);
    return;
  }
  const items = listItems(loaded.raw);
  if (items === undefined) yield { entry: readObject(loaded.raw, line), isMalformed: false };
  for (const [item, raw] of (items ?? []).entries())
    yield { entry: { ...readObject(raw, line), item }, isMalformed: false };
}

function* readListItem(item: Piece, list: unknown): Iterable<YamlEntry> {
  const loaded = loadYaml(item.text);
  if (!loaded.ok) {
    yield malformed(item.line + loaded.line, loaded.reason);
  } else if (Array.isArray(loaded.raw)) {
    for (const raw of loaded.raw) yield { entry: readObject(typed(raw, list), item.line), isMalformed: false };
  }
}

function malformed(line: number, reason: string): YamlEntry {
  return { entry: { name: undefined, line, parsed: refuse(reason) }, isMalformed: true };
}

function readObject(raw: unknown, line: number): Entry {
  const parsed = parseObject(raw);
  if (!parsed.ok) return { name: nameObject(raw), line, parsed };
  const object = parsed.value;
  return { name: nameOf(object.kind, object.kind === 'Node' ? '' : object.namespace, object.name), line, parsed };
}

/** The items of a List; undefined: this is none. */
function listItems(raw: unknown): readonly unknown[] | undefined {
  const items = fieldsOf(raw)['items'];
  return isList(raw) && Array.isArray(items) ? items.map((item: unknown) => typed(item, raw)) : undefined;
}

/** "List", or the API's "ServiceList", "EndpointSliceList", "NodeList". */
function isList(raw: unknown): boolean {
  const kind = fieldsOf(raw)['kind'];
  return typeof kind === 'string' && /^(?:Service|EndpointSlice|Node)?List$/.test(kind);
}

/** Items of the API's own lists leave out what the list's kind says. */
function typed(item: unknown, list: unknown): unknown {
  const { kind, apiVersion } = fieldsOf(list);
  const fields = fieldsOf(item);
  if (typeof kind !== 'string' || kind === 'List' || fields['kind'] !== undefined) return item;
  return { apiVersion, kind: kind.slice(0, -'List'.length), ...fields };
}
