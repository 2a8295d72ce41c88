import type { Logger } from 'pino';
import type { Resource } from './resource.ts';
import type { Trouble } from './trouble.ts';

/** One line for each reason until all is over, then one more; what repeats, for whichever resource, is for debugging. */
export interface TroubleLog {
  fails(resource: Resource, trouble: Trouble, retryMs: number): void;
  works(resource: Resource): void;
}

export function createTroubleLog(log: Logger, server: string): TroubleLog {
  const failing = new Set<Resource>();
  const told = new Set<string>();
  return {
    fails(resource, { reason, isPermanent }, retryMs) {
      failing.add(resource);
      const isNew = told.size < MOST_TOLD && !told.has(reason);
      if (isNew) told.add(reason);
      const level = !isNew ? 'debug' : isPermanent ? 'error' : 'warn';
      log[level](
        { server, resource: resource.name, reason, retryMs: Math.round(retryMs) },
        'api server fails us, the dataplane stays as it is',
      );
    },
    works(resource) {
      if (!failing.delete(resource) || failing.size > 0) return;
      told.clear();
      log.info({ server }, 'api server serves us again');
    },
  };
}

/** A server that says something else each time is not worth more lines. */
const MOST_TOLD = 20;
