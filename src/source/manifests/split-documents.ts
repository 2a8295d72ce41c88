/** A part of a text and the line, from 1, on which it starts. */
export interface Piece {
  readonly text: string;
  readonly line: number;
}

/** The documents of a YAML stream, without those that hold nothing. Markers count only in the first column, as in YAML. */
export function* splitDocuments(text: string): Iterable<Piece> {
  const marker = /^(?:---|\.\.\.)(?=[ \t\r]|$)/gm;
  let start = 0;
  let line = 1;
  for (;;) {
    const next = marker.exec(text);
    const piece = text.slice(start, next?.index);
    if (contentLine(piece) !== undefined) yield { text: piece, line };
    if (next === null) return;
    line += countLines(piece);
    start = next.index + (next[0] === '...' ? 3 : 0); // js-yaml wants no end marker in front
  }
}

/** How many lines of `text` come before its first content; undefined: there is none. */
export function contentLine(text: string): number | undefined {
  let line = 0;
  for (let start = 0; start < text.length; line += 1) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    if (!/^(?:---)?\s*(?:#.*|%.*)?$/.test(text.slice(start, end))) return line;
    start = end + 1;
  }
  return undefined;
}

export function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
