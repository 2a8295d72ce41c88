/** An object of unknown fields. Only names that Object.prototype lacks may be read from it. */
export type Fields = Readonly<Record<string, unknown>>;

/** The fields of an object; none where it is something else. */
export function fieldsOf(raw: unknown): Fields {
  return isFields(raw) ? raw : {};
}

export function isFields(raw: unknown): raw is Fields {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

/** The API writes an absent field as nothing or as null. */
export function isAbsent(raw: unknown): raw is undefined | null {
  return raw === undefined || raw === null;
}
