/** The eight groups of an IPv6 address in hexadecimal text (no dots), or undefined where it is none. */
export function parseGroups(text: string): number[] | undefined {
  const gap = text.indexOf('::');
  if (gap === -1) {
    const groups = readGroups(text);
    return groups?.length === 8 ? groups : undefined;
  }
  const head = gap === 0 ? [] : readGroups(text.slice(0, gap));
  const tail = gap + 2 === text.length ? [] : readGroups(text.slice(gap + 2));
  if (head === undefined || tail === undefined || head.length + tail.length > 7) return undefined;
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as "::". */
export function formatGroups(groups: readonly number[]): string {
  const { start, length } = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function readGroups(text: string): number[] | undefined {
  const groups: number[] = [];
  for (const part of text.split(':', 9)) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
    groups.push(Number.parseInt(part, 16));
  }
  return groups;
}

function longestZeros(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let index = 0; index < groups.length; index += 1) {
    if (groups[index] !== 0) start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  }
  return best;
}
