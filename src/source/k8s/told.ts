import type { ModelObject } from '../../model/object.ts';
import { nameObject, parseObject } from '../../model/object.ts';
import type { Op } from '../../model/op.ts';
import { type Fields, fieldsOf } from '../../model/untrusted.ts';

/** What the source has told of one resource, so that a new listing deletes what vanished and nothing else. */
export interface Told {
  /** A later listing tells at once what it names of the known; the new waits for its end, as it may have none. */
  set(raw: Fields): readonly Op[];
  delete(raw: Fields): readonly Op[];
  /** A listing begins; what was told before stays until it ends. */
  beginListing(): void;
  /**
   * The listing is complete: tells what is new and deletes what it did not name. undefined: more is new than may wait;
   * the next listing, which is now known to have an end, tells all at once.
   */
  endListing(): readonly Op[] | undefined;
  /** The listing is not to be believed: deletes what it alone named. */
  dropListing(): readonly Op[];
  readonly size: number;
}

/** The listings that named an object first and last. */
interface Named {
  readonly first: number;
  readonly last: number;
}

/** A cluster that has more than this and more than it had before is rare: it is listed twice. */
const MOST_WAITING = 1000;

export function createTold(kind: ModelObject['kind']): Told {
  /** By "namespace/name". */
  const names = new Map<string, Named>();
  let listing = 0;
  /** By the present listing alone; one for all of them. */
  let now: Named = { first: listing, last: listing };
  /** What a listing alone has named so far. */
  const waiting = new Map<string, readonly Op[]>();
  let waits = false;
  let isTooMuch = false;
  /** Of the next listing. */
  let tellsAtOnce = true;
  let wasListed = false;

  const endWaiting = (): void => {
    waits = false;
    isTooMuch = false;
    waiting.clear();
  };
  const parse = (raw: Fields): readonly Op[] => {
    const parsed = parseObject(raw);
    if (parsed.ok) return [{ op: 'set', object: parsed.value }];
    return [{ op: 'ignore', object: nameObject(raw) ?? `${kind} without a name`, reason: parsed.reason }];
  };

  const deleteWhere = (isGone: (name: Named) => boolean): readonly Op[] => {
    const ops: Op[] = [];
    for (const [key, name] of names) {
      if (!isGone(name)) continue;
      names.delete(key);
      ops.push(deleteOf(kind, key));
    }
    return ops;
  };

  return {
    set(raw) {
      const key = keyOf(raw);
      const before = names.get(key);
      if (waits && before === undefined) {
        isTooMuch ||= waiting.size >= Math.max(MOST_WAITING, names.size);
        if (isTooMuch) waiting.clear();
        else waiting.set(key, parse(raw));
        return [];
      }
      if (before === undefined) names.set(key, now);
      else if (before.last !== listing) names.set(key, { first: before.first, last: listing });
      const ops = parse(raw);
      // What was accepted under that name is no longer what the API has.
      return before === undefined || ops[0]?.op === 'set' ? ops : [deleteOf(kind, key), ...ops];
    },
    delete(raw) {
      const key = keyOf(raw);
      waiting.delete(key);
      return names.delete(key) ? [deleteOf(kind, key)] : [];
    },
    beginListing() {
      listing += 1;
      now = { first: listing, last: listing };
      endWaiting();
      waits = !tellsAtOnce;
    },
    endListing() {
      tellsAtOnce = isTooMuch;
      if (isTooMuch) return undefined;
      wasListed = true;
      const ops = [...waiting.values()].flat();
      for (const key of waiting.keys()) names.set(key, now);
      endWaiting();
      return [...ops, ...deleteWhere(({ last }) => last !== listing)];
    },
    dropListing() {
      endWaiting();
      tellsAtOnce = !wasListed;
      return deleteWhere(({ first }) => first === listing);
    },
    get size() {
      return names.size;
    },
  };
}

function keyOf(raw: Fields): string {
  const { namespace, name } = fieldsOf(raw['metadata']);
  return [namespace, name].map((part) => (typeof part === 'string' ? part : '')).join('/'); // flat, as flatText
}

function deleteOf(kind: ModelObject['kind'], key: string): Op {
  const slash = key.indexOf('/');
  return { op: 'delete', kind, namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
