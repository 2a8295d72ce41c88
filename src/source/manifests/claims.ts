import type { ModelObject } from '../../model/object.ts';
import type { Op } from '../../model/op.ts';
import type { Entry } from './parse-manifest.ts';

/** What a new content of one file leads to. */
export interface ClaimChange {
  readonly ops: readonly Op[];
  /** Other files to read again in the same go: an object of theirs came into force or lost it. */
  readonly reread: readonly string[];
}

export interface Claims {
  /** The file's entries now; none where it is gone. */
  update(file: string, entries: readonly Entry[]): ClaimChange;
}

/** What one file has told so far. */
interface Told {
  /** Names of the objects it owns; a refused one is among the ignored, too. */
  readonly owned: readonly string[];
  readonly ignored: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set(); // shared by the many files without fault
const NOTHING: Told = { owned: [], ignored: NONE };

/** Who speaks for an object: the first file by name that holds it, accepted or not. */
export function createClaims(): Claims {
  const files = new Map<string, Told>();
  const owners = new Map<string, string>();
  /** Files that hold an object of another's, too. */
  const waiting = new Map<string, Set<string>>();

  return {
    update(file, entries) {
      const before = files.get(file) ?? NOTHING;
      const owned = new Set<string>();
      const ignored = new Map<string, string>();
      const sets: Op[] = [];
      const deletes: Op[] = [];
      const reread = new Set<string>();
      for (const entry of entries) {
        const place = (): string => `${file}:${entry.line}`; // a line of a List is looked for when it is asked
        if (entry.name === undefined) {
          const item = entry.item === undefined ? '' : ` items[${entry.item}]`;
          if (!entry.parsed.ok) ignored.set(`${place()}${item}`, entry.parsed.reason);
          continue;
        }
        const owner = owners.get(entry.name);
        if (owned.has(entry.name) || (owner !== undefined && owner < file)) {
          if (owner !== undefined && owner !== file) wait(entry.name, file);
          ignored.set(`${entry.name} in ${place()}`, `${owner ?? file} holds it, too: keep one of them`);
          continue;
        }
        if (owner !== undefined && owner !== file) {
          wait(entry.name, owner);
          reread.add(owner);
          if (!entry.parsed.ok && !files.get(owner)?.ignored.has(entry.name)) deletes.push(deleteOf(entry.name));
        }
        waiting.get(entry.name)?.delete(file);
        owners.set(entry.name, file);
        owned.add(entry.name);
        if (entry.parsed.ok) sets.push({ op: 'set', object: entry.parsed.value });
        else ignored.set(entry.name, `${place()}: ${entry.parsed.reason}`);
      }

      for (const name of before.owned) {
        if (owners.get(name) !== file) continue; // a file before this one took it over
        if (!before.ignored.has(name) && (!owned.has(name) || ignored.has(name))) deletes.push(deleteOf(name));
        if (owned.has(name)) continue;
        owners.delete(name);
        for (const heir of waiting.get(name) ?? []) reread.add(heir);
        waiting.delete(name);
      }
      const takenBack: Op[] = [...before.ignored]
        .filter((object) => !ignored.has(object) && (owners.get(object) ?? file) === file)
        .map((object) => ({ op: 'ignore', object, reason: undefined }));
      const refused: Op[] = [...ignored].map(([object, reason]) => ({ op: 'ignore', object, reason }));
      if (entries.length === 0) files.delete(file);
      else files.set(file, { owned: [...owned], ignored: ignored.size === 0 ? NONE : new Set(ignored.keys()) });
      return { ops: [...takenBack, ...deletes, ...sets, ...refused], reread: [...reread] };
    },
  };

  function wait(name: string, file: string): void {
    const others = waiting.get(name);
    if (others === undefined) waiting.set(name, new Set([file]));
    else others.add(file);
  }
}

/** Accepted names are "Kind name" or "Kind namespace/name", of characters that are neither. */
function deleteOf(name: string): Op {
  const [kind = '', path = ''] = name.split(' ');
  const slash = path.indexOf('/');
  return {
    op: 'delete',
    kind: kind as ModelObject['kind'], // only accepted objects get here
    namespace: path.slice(0, Math.max(slash, 0)),
    name: path.slice(slash + 1),
  };
}
