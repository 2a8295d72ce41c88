import type { Logger } from 'pino';
import type { SyncReport } from '../backend/backend.ts';
import type { Ignored } from '../plan/state.ts';

/** Tells each refusal once, with object, cause and cure; and that it is over. Of what changes all the time, a few lines an hour. */
export interface RefusalLog {
  ignored(objects: readonly Ignored[]): void;
  refused(services: SyncReport['refused']): void;
}

/** `now`: milliseconds of a clock that never goes back. */
export function createRefusalLog(log: Logger, now: () => number): RefusalLog {
  const tellObjects = createTeller({
    begins: (object, reason, mayTell) => log[mayTell ? 'warn' : 'debug']({ object, reason }, 'object ignored'),
    ends: (object, mayTell) => log[mayTell ? 'info' : 'debug']({ object }, 'object no longer ignored'),
    mayTell: createAllowance(now),
  });
  const tellServices = createTeller({
    begins: (svc, reason, mayTell) => log[mayTell ? 'warn' : 'debug']({ svc, reason }, 'service refused'),
    ends: (svc, mayTell) => log[mayTell ? 'info' : 'debug']({ svc }, 'service no longer refused'),
    mayTell: createAllowance(now),
  });
  return {
    ignored: (objects) => tellObjects(objects.map(({ object, reason }) => [object, reason])),
    refused: (services) => tellServices(services.map(({ service, reason }) => [service, reason])),
  };
}

interface Teller {
  readonly begins: (subject: string, reason: string, mayTell: boolean) => void;
  readonly ends: (subject: string, mayTell: boolean) => void;
  readonly mayTell: (subject: string) => boolean;
}

interface Held {
  readonly reasons: Set<string>;
  /** Whoever read that it begins is to read that it is over. */
  isTold: boolean;
}

/** A subject may have several reasons. */
function createTeller(teller: Teller): (now: readonly (readonly [string, string])[]) => void {
  let before: ReadonlyMap<string, Held> = new Map();
  return (now) => {
    if (now.length === 0 && before.size === 0) return;
    const held = new Map<string, Held>();
    const told = new Set<string>(); // all that is new of a subject, or nothing
    for (const [subject, reason] of now) {
      const known = before.get(subject);
      const current = held.get(subject) ?? { reasons: new Set(), isTold: known?.isTold ?? false };
      if (known?.reasons.has(reason) !== true && !current.reasons.has(reason)) {
        const mayTell = teller.mayTell(subject) || told.has(subject); // each line counts
        teller.begins(subject, reason, mayTell);
        if (mayTell) told.add(subject);
        current.isTold ||= mayTell;
      }
      current.reasons.add(reason);
      held.set(subject, current);
    }
    for (const [subject, { isTold }] of before) if (!held.has(subject)) teller.ends(subject, isTold);
    before = held;
  };
}

const MOST_LINES = 6;
const PERIOD_MS = 3_600_000;
/** Subjects that are remembered; beyond, all are forgotten, and told anew. */
const MOST_SUBJECTS = 10_000;

/** So many lines of a subject, then for an hour none. */
function createAllowance(now: () => number): (subject: string) => boolean {
  const allowances = new Map<string, { readonly until: number; left: number }>();
  return (subject) => {
    let allowance = allowances.get(subject);
    if (allowance === undefined || now() >= allowance.until) {
      if (allowances.size >= MOST_SUBJECTS) allowances.clear();
      allowance = { until: now() + PERIOD_MS, left: MOST_LINES };
      allowances.set(subject, allowance);
    }
    if (allowance.left === 0) return false;
    allowance.left -= 1;
    return true;
  };
}
