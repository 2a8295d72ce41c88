import type { Logger } from 'pino';
import type { SyncReport } from '../backend/backend.ts';
import type { Ignored } from '../plan/state.ts';

/** Tells each refusal once, with object, cause and cure; and that it is over. */
export interface RefusalLog {
  ignored(objects: readonly Ignored[]): void;
  refused(services: SyncReport['refused']): void;
}

export function createRefusalLog(log: Logger): RefusalLog {
  const tellObjects = createTeller({
    begins: (object, reason) => log.warn({ object, reason }, 'object ignored'),
    ends: (object) => log.info({ object }, 'object no longer ignored'),
  });
  const tellServices = createTeller({
    begins: (svc, reason) => log.warn({ svc, reason }, 'service refused'),
    ends: (svc) => log.info({ svc }, 'service no longer refused'),
  });
  return {
    ignored: (objects) => tellObjects(objects.map(({ object, reason }) => [object, reason])),
    refused: (services) => tellServices(services.map(({ service, reason }) => [service, reason])),
  };
}

interface Teller {
  readonly begins: (subject: string, reason: string) => void;
  readonly ends: (subject: string) => void;
}

/** A subject may have several reasons. */
function createTeller(teller: Teller): (now: readonly (readonly [string, string])[]) => void {
  let before: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  return (now) => {
    if (now.length === 0 && before.size === 0) return;
    const reasons = new Map<string, Set<string>>();
    for (const [subject, reason] of now) {
      if (before.get(subject)?.has(reason) !== true && reasons.get(subject)?.has(reason) !== true) {
        teller.begins(subject, reason);
      }
      reasons.set(subject, (reasons.get(subject) ?? new Set()).add(reason));
    }
    for (const subject of before.keys()) if (!reasons.has(subject)) teller.ends(subject);
    before = reasons;
  };
}
