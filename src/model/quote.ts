const SHOWN = 64;

/** An untrusted value as a reason shows it: quoted, one line, cut short. */
export function quote(raw: unknown): string {
  if (typeof raw === 'string') return JSON.stringify(shorten(raw));
  if (typeof raw === 'number' || typeof raw === 'boolean') return String(raw);
  if (raw === undefined) return 'nothing';
  if (raw === null) return 'null';
  return Array.isArray(raw) ? 'a list' : `a value of type ${typeof raw}`;
}

/** At most `longest` characters; says how many there were. */
export function shorten(text: string, longest: number = SHOWN): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length} characters)`;
}
