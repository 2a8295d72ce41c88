import { countLines, type Piece } from './split-documents.ts';

export interface SplitList {
  /** The document without its items: its kind and apiVersion. */
  readonly header: string;
  /** Each a block sequence of one entry. */
  readonly items: readonly Piece[];
}

/**
 * Cuts a List in block style, as kubectl prints it, into its items: one that is broken then spoils no other, and 10,000
 * are never in memory at once. undefined: the document has another shape.
 */
export function splitList(document: Piece): SplitList | undefined {
  const { text } = document;
  const key = /^items:[ \t]*\r?\n/m.exec(text);
  if (key === null) return undefined;
  const first = key.index + key[0].length;
  const indent = /^ *(?=-[ \r\n])/.exec(text.slice(first, first + 64))?.[0].length;
  if (indent === undefined) return undefined;

  const starts: number[] = [];
  const outer = new RegExp(`^ {0,${indent}}(?=[^\\s#])`, 'gm');
  outer.lastIndex = first;
  let end = text.length;
  for (let match = outer.exec(text); match !== null; match = outer.exec(text)) {
    if (match[0].length < indent || !/^-(?:\s|$)/.test(text.slice(outer.lastIndex, outer.lastIndex + 2))) {
      end = match.index;
      break;
    }
    starts.push(match.index);
    outer.lastIndex += 1; // an empty match would be found again
  }
  return { header: text.slice(0, key.index) + text.slice(end), items: cut(document, starts, end) };
}

function cut(document: Piece, starts: readonly number[], end: number): readonly Piece[] {
  let line = document.line + countLines(document.text.slice(0, starts[0]));
  return starts.map((start, index) => {
    const piece = { text: document.text.slice(start, starts[index + 1] ?? end), line };
    line += countLines(piece.text);
    return piece;
  });
}
