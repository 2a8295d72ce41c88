import type { ModelObject } from '../../model/object.ts';
import { nameObject, parseObject } from '../../model/object.ts';
import type { Op } from '../../model/op.ts';
import { type Fields, fieldsOf } from '../../model/untrusted.ts';

/** What the source has told of one resource, so that a new listing deletes what vanished and nothing else. */
export interface Told {
  set(raw: Fields): readonly Op[];
  delete(raw: Fields): readonly Op[];
  /** A listing begins; what was told before stays until it ends. */
  beginListing(): void;
  /** The listing is complete: deletes what it did not name. */
  endListing(): readonly Op[];
  /** The listing is not to be believed: deletes what it alone named. */
  dropListing(): readonly Op[];
  readonly size: number;
}

export function createTold(kind: ModelObject['kind']): Told {
  /** By "namespace/name", the listings that named it first and last. */
  const names = new Map<string, { readonly first: number; readonly last: number }>();
  let listing = 0;

  const deleteWhere = (isGone: (name: { readonly first: number; readonly last: number }) => boolean): readonly Op[] => {
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
      if (before?.last !== listing) names.set(key, { first: before?.first ?? listing, last: listing });
      const parsed = parseObject(raw);
      if (parsed.ok) return [{ op: 'set', object: parsed.value }];
      const ignore: Op = { op: 'ignore', object: nameObject(raw) ?? `${kind} without a name`, reason: parsed.reason };
      // What was accepted under that name is no longer what the API has.
      return before === undefined ? [ignore] : [deleteOf(kind, key), ignore];
    },
    delete(raw) {
      const key = keyOf(raw);
      return names.delete(key) ? [deleteOf(kind, key)] : [];
    },
    beginListing() {
      listing += 1;
    },
    endListing: () => deleteWhere(({ last }) => last !== listing),
    dropListing: () => deleteWhere(({ first }) => first === listing),
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
