const LIMIT = 16_384;
const LONGEST = 253; // the API's longest name: nothing longer repeats

/** Keeps one copy of each value that many objects repeat; emptied when full, so that hostile input can't grow it. */
export interface Pool<T> {
  /** The copy under this key, else `value`. Nobody may tell one from the other. */
  share(key: string, value: T): T;
  find(key: string): T | undefined;
}

export function createPool<T>(): Pool<T> {
  const values = new Map<string, T>();
  return {
    share(key, value) {
      const shared = values.get(key);
      if (shared !== undefined) return shared;
      if (values.size >= LIMIT) values.clear();
      values.set(key, value);
      return value;
    },
    find: (key) => values.get(key),
  };
}

const texts = createPool<string>();

/** The one copy of a text: node names, zones, port names, of which 100,000 endpoints would hold as many. */
export function intern(text: string): string {
  return text.length > LONGEST ? text : texts.share(text, text);
}
