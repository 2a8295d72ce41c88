const LIMIT = 16_384;
const LONGEST = 253; // the API's longest name: nothing longer repeats
const pool = new Map<string, string>();

/**
 * The one shared copy of a text that many objects repeat (node names, zones, port names): 100,000 endpoints would hold
 * 100,000 copies. Values only, so no caller can tell; emptied when full, so that hostile input can't grow it.
 */
export function intern(text: string): string {
  if (text.length > LONGEST) return text;
  const shared = pool.get(text);
  if (shared !== undefined) return shared;
  if (pool.size >= LIMIT) pool.clear();
  pool.set(text, text);
  return text;
}
