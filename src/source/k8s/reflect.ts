import { createWake } from '../../wake.ts';
import type { OpSink } from '../source.ts';
import type { Api } from './api.ts';
import { backoffMs } from './backoff.ts';
import { type Listing, listPages } from './list-pages.ts';
import type { Resource } from './resource.ts';
import { createTold } from './told.ts';
import { type Remedy, type Trouble, trouble } from './trouble.ts';
import type { TroubleLog } from './trouble-log.ts';
import { watchEvents } from './watch.ts';

export interface ReflectOptions {
  readonly api: Api;
  readonly resource: Resource;
  readonly sink: OpSink;
  /** A listing is complete: the first, or one after a gap. */
  readonly onListed: () => void;
  readonly troubles: TroubleLog;
  readonly signal: AbortSignal;
  /** Gives free memory back to the system. */
  readonly tidy: () => void;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Servers end a watch after 5 to 10 minutes, so that connections spread over them. */
const SHORTEST_WATCH_SECONDS = 300;

/**
 * Keeps telling what the API has of a resource, until the signal aborts: lists and watches in one request, or by pages
 * where that is refused; resumes where a watch ended, lists anew where the server no longer knows that position.
 */
export async function reflect(options: ReflectOptions): Promise<void> {
  const { api, resource, sink, onListed, troubles, signal, random } = options;
  const told = createTold(resource.kind);
  const wake = createWake(signal);
  const remedies = new Set<Remedy>();
  let position: string | undefined;
  let failures = 0;

  const works = (): void => {
    failures = 0;
    troubles.works(resource);
  };
  const fail = async (why: Trouble): Promise<void> => {
    failures += 1;
    const isNew = why.remedy !== undefined && !remedies.has(why.remedy);
    remedies.delete('pages next');
    if (why.remedy !== undefined) remedies.add(why.remedy);
    if (why.isWasteful) options.tidy();
    if (isNew && failures === 1) return; // the other way may work at once
    const waitMs = backoffMs({ failures, askedMs: why.retryAfterMs }, api.limits, random());
    troubles.fails(resource, why, waitMs);
    for (const end = performance.now() + waitMs; performance.now() < end && !signal.aborted; ) {
      await wake.wait(end - performance.now());
    }
  };

  while (!signal.aborted) {
    const listing: Listing = { api, resource, told, sink, isJsonOnly: remedies.has('json'), signal };
    if (position === undefined && (remedies.has('pages') || remedies.has('pages next'))) {
      const listed = await listPages(listing);
      if (listed.kind === 'listed') {
        position = listed.position;
        onListed();
      } else if (!signal.aborted) {
        await fail(listed.trouble);
      }
      continue;
    }

    const started = performance.now();
    const before = position;
    const timeoutSeconds = Math.round(SHORTEST_WATCH_SECONDS * (1 + random()));
    const watched = await watchEvents({ ...listing, from: position, timeoutSeconds, onListed, onSteady: works });
    position = watched.position;
    if (signal.aborted) return;
    switch (watched.end.kind) {
      case 'failed':
        await fail(watched.end.trouble);
        break;
      case 'expired':
        position = undefined;
        if (before === undefined || failures > 0) await fail(trouble('it forgets every position at once'));
        else failures += 1;
        break;
      case 'ended':
        if (performance.now() - started >= api.limits.steadyMs) break;
        if (position === before || failures > 0) await fail(trouble('it ends every watch at once'));
        else failures += 1;
    }
  }
}
