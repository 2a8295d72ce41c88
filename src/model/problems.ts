import { quote } from './quote.ts';
import { isAbsent } from './untrusted.ts';

/** Gathers why parts of one object were refused; bounded, so that a hostile object stays small. */
export interface Problems {
  add(reason: string): void;
  /** The items of a list field; anything else counts as empty and is a problem, unless absent. */
  items(raw: unknown, path: string): readonly unknown[];
  reasons(): readonly string[];
}

const SHOWN = 10;

export function collectProblems(): Problems {
  const shown: string[] = [];
  let hidden = 0;
  const add = (reason: string): void => {
    if (shown.length < SHOWN) shown.push(reason);
    else hidden += 1;
  };
  return {
    add,
    items(raw, path) {
      if (Array.isArray(raw)) return raw as readonly unknown[]; // isArray says any[]
      if (!isAbsent(raw)) add(`${path}: ${quote(raw)} is not a list: write a list`);
      return NO_ITEMS;
    },
    reasons() {
      if (shown.length === 0) return NONE;
      return hidden === 0 ? shown : [...shown, `${hidden} more problems like these: correct the object`];
    },
  };
}

const NONE: readonly string[] = []; // shared by the many objects without problems
const NO_ITEMS: readonly unknown[] = [];
