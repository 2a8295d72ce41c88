/** What the headers say: the block right above a type or map, and the comment behind a field or enumerator. */
export interface Comments {
  readonly types: ReadonlyMap<string, string>;
  readonly maps: ReadonlyMap<string, string>;
  /** By "type.field" or "type.ENUMERATOR". */
  readonly members: ReadonlyMap<string, string>;
}

const COMMENT = String.raw`\/\*([^*]*(?:\*(?!\/)[^*]*)*)\*\/`;
const TYPE = new RegExp(String.raw`${COMMENT}\n(?:struct|enum) (\w+) \{`, 'g');
const MAP = new RegExp(String.raw`${COMMENT}\nMAP\((\w+),`, 'g');
const BODY = /^(?:struct|enum) (\w+) \{\n(.*?)^\};/gms;
const MEMBER = new RegExp(String.raw`(\w+)(?:\[\w+\])?(?:;| = \w+,) ${COMMENT}$`, 'gm');

export function readComments(header: string): Comments {
  const above = (pattern: RegExp): ReadonlyMap<string, string> =>
    new Map([...header.matchAll(pattern)].map(([, comment = '', name = '']) => [name, oneLine(comment)]));
  return { types: above(TYPE), maps: above(MAP), members: new Map([...header.matchAll(BODY)].flatMap(memberComments)) };
}

/** Structs and enums that the header defines. */
export function definedTypes(header: string): string[] {
  return [...header.matchAll(/^(?:struct|enum) (\w+) \{/gm)].map(([, name = '']) => name);
}

function memberComments([, type = '', body = '']: RegExpMatchArray): [string, string][] {
  return [...body.matchAll(MEMBER)].map(([, member = '', comment = '']) => [`${type}.${member}`, oneLine(comment)]);
}

function oneLine(comment: string): string {
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trim())
    .join(' ')
    .trim();
}
