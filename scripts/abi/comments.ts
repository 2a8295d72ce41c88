/** What the headers say: the comment block that stands right above a type or map, in one line, by its name. */
export interface Comments {
  readonly types: ReadonlyMap<string, string>;
  readonly maps: ReadonlyMap<string, string>;
}

const TYPE = /\/\*([^*]*(?:\*(?!\/)[^*]*)*)\*\/\n(?:struct|enum) (\w+) \{/g;
const MAP = /\/\*([^*]*(?:\*(?!\/)[^*]*)*)\*\/\nMAP\((\w+),/g;

export function readComments(header: string): Comments {
  const above = (pattern: RegExp): ReadonlyMap<string, string> =>
    new Map([...header.matchAll(pattern)].map(([, comment = '', name = '']) => [name, oneLine(comment)]));
  return { types: above(TYPE), maps: above(MAP) };
}

/** Structs and enums that the header defines. */
export function definedTypes(header: string): string[] {
  return [...header.matchAll(/^(?:struct|enum) (\w+) \{/gm)].map(([, name = '']) => name);
}

function oneLine(comment: string): string {
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trim())
    .join(' ')
    .trim();
}
