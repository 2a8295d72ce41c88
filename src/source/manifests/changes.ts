import type { Op } from '../../model/op.ts';
import type { OpSink } from '../source.ts';
import type { ManifestFolder } from './folder.ts';
import { settleMs } from './settle.ts';

/** Files that changed and are not told yet. */
export interface Changes {
  /** sawWrite: in place, not by a rename. */
  note(file: string, sawWrite: boolean): void;
  stop(): void;
}

/** The longest that reading may keep the event loop. */
const SLICE_MS = 20;

interface Pending {
  readonly sawWrite: boolean;
  readonly timer: NodeJS.Timeout | undefined;
}

/** Reads files as they change; tells each once it has settled. */
export function collectChanges(folder: ManifestFolder, sink: OpSink): Changes {
  const pending = new Map<string, Pending>();
  const fresh = new Set<string>();
  let drain: NodeJS.Immediate | undefined;

  function readFresh(): void {
    drain = undefined;
    const end = performance.now() + SLICE_MS;
    const ops: Op[] = [];
    for (const file of fresh) {
      if (performance.now() > end) break;
      fresh.delete(file);
      const sawWrite = pending.get(file)?.sawWrite ?? false;
      const reading = folder.read(file);
      const wait = settleMs({ reading, sawWrite, held: folder.holds(file) });
      if (wait === 0) {
        pending.delete(file);
        ops.push(...folder.take(file, reading));
      } else {
        pending.set(file, { sawWrite, timer: setTimeout(() => takeSettled(file), wait) });
      }
    }
    if (ops.length > 0) sink(ops);
    if (fresh.size > 0) drain ??= setImmediate(readFresh);
  }

  function takeSettled(file: string): void {
    pending.delete(file);
    const ops = folder.take(file, folder.read(file));
    if (ops.length > 0) sink(ops);
  }

  return {
    note(file, sawWrite) {
      const before = pending.get(file);
      clearTimeout(before?.timer);
      pending.set(file, { sawWrite: sawWrite || before?.sawWrite === true, timer: undefined });
      fresh.add(file);
      drain ??= setImmediate(readFresh);
    },
    stop() {
      clearImmediate(drain);
      for (const { timer } of pending.values()) clearTimeout(timer);
    },
  };
}
