/** The line, from 1, on which each element of `items` starts; for a text that JSON.parse accepts as a List. */
export function jsonItemLines(text: string): readonly number[] {
  const token = /"(?:[^"\\]+|\\.)*"|[^\s"]/g;
  const lines: number[] = [];
  let line = 1;
  let counted = 0;
  let depth = 0;
  let key = '';
  let inItems = false;
  let isElementDue = false;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const symbol = match[0];
    if (inItems && isElementDue && symbol !== ']') {
      for (let at = text.indexOf('\n', counted); at !== -1 && at < match.index; at = text.indexOf('\n', at + 1))
        line += 1;
      counted = match.index;
      lines.push(line);
      isElementDue = false;
    }
    if (symbol === '{' || symbol === '[') {
      depth += 1;
      if (depth === 2 && symbol === '[' && key === '"items"') inItems = isElementDue = true;
    } else if (symbol === '}' || symbol === ']') {
      if (depth === 2) inItems = false;
      depth -= 1;
    } else if (depth === 2 && symbol === ',') {
      isElementDue = inItems;
    } else if (depth === 1 && symbol.startsWith('"')) {
      key = symbol;
    }
  }
  return lines;
}
