import { CORE_SCHEMA, load, Type, YAMLException } from 'js-yaml';
import { countLines } from './split-documents.ts';

export type LoadedYaml =
  | { readonly ok: true; readonly raw: unknown }
  /** `line` counts from 0 inside the text. */
  | { readonly ok: false; readonly line: number; readonly reason: string };

/** js-yaml's own merge type, which its type declarations leave out. */
const MERGE = new Type('tag:yaml.org,2002:merge', { kind: 'scalar', resolve: (data: unknown) => data === '<<' });

/** The API's YAML: timestamps stay text, merge keys work. */
const SCHEMA = CORE_SCHEMA.extend({ implicit: [MERGE] });

/** Reads one document. */
export function loadYaml(text: string): LoadedYaml {
  try {
    return { ok: true, raw: detach(load(text, { schema: SCHEMA }), text) };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    // The end of the text counts as the line after the last.
    const line = Math.min(error.mark.line, countLines(text.trimEnd()));
    return { ok: false, line, reason: `this is neither YAML nor JSON: ${error.reason}: correct it` };
  }
}

/**
 * js-yaml's strings are slices that keep the whole file alive as long as one name of it lives. Copies don't. With anchors
 * the copy could be exponentially larger than the text, so it stays away.
 */
function detach(raw: unknown, text: string): unknown {
  return typeof raw !== 'object' || raw === null || text.includes('&') ? raw : JSON.parse(JSON.stringify(raw));
}
