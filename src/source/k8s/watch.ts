import type { Op } from '../../model/op.ts';
import { quote } from '../../model/quote.ts';
import { type Fields, fieldsOf } from '../../model/untrusted.ts';
import type { RawEvent } from './format/format.ts';
import { acceptHeader, formatOf } from './format/formats.ts';
import { readBody } from './http/read-body.ts';
import { hasGrown, hasNoEnd, type Listing } from './list-pages.ts';
import { explainRefusal, isExpired, type Refusal, readRefusal, toRefusal } from './refusal.ts';
import { queryOf } from './resource.ts';
import { type Remedy, type Trouble, trouble } from './trouble.ts';

export interface Watching extends Listing {
  /** Where to resume; undefined: the watch lists first (WatchList). */
  readonly from: string | undefined;
  /** When the server is to end it, in seconds. */
  readonly timeoutSeconds: number;
  /** The listing is complete. */
  readonly onListed: () => void;
  /** It works: all is listed, and it has lasted a while. */
  readonly onSteady: () => void;
}

export interface Watched {
  readonly end: WatchEnd;
  /** Where to resume; undefined: nothing complete was told. */
  readonly position: string | undefined;
}

export type WatchEnd =
  /** By the server, as agreed. */
  | { readonly kind: 'ended' }
  /** A new listing is needed. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'failed'; readonly trouble: Trouble };

const LONGEST_POSITION = 256;

/** Watches until the server ends it or something fails, and tells each event as it comes. */
export async function watchEvents(watching: Watching): Promise<Watched> {
  const { api, resource, from, isJsonOnly, signal } = watching;
  const path = queryOf(resource, {
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(watching.timeoutSeconds),
    ...(from === undefined
      ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
      : { resourceVersion: from }),
  });
  const asked = await api.get(path, acceptHeader(isJsonOnly, ';stream=watch'), signal);
  if (asked.kind === 'failed') return { end: failed(asked.reason), position: from };
  const { answer, cancel } = asked;
  if (answer.status !== 200) {
    const refusal = await readRefusal(answer, cancel, signal);
    return { end: refused(refusal, watching), position: from };
  }
  const format = formatOf(answer.headers['content-type']);
  if (format === undefined) {
    cancel();
    const reason = `it answers in ${quote(answer.headers['content-type'])}: is it a Kubernetes API server?`;
    return { end: failed(reason), position: from };
  }

  const { limits } = api;
  const splitter = format.splitter(limits.eventBytes);
  let partialSince: number | undefined;
  let steady: NodeJS.Timeout | undefined;
  const awaitSteady = (): void => {
    steady = setTimeout(watching.onSteady, limits.steadyMs);
  };
  const reader = createEventReader({
    ...watching,
    onListed() {
      watching.onListed();
      awaitSteady();
    },
  });
  if (from !== undefined) awaitSteady();
  const read = await readBody({
    answer,
    cancel,
    signal,
    idleMs: () => (reader.isListing ? limits.listingIdleMs : limits.idleMs),
    onChunk(chunk) {
      const now = performance.now();
      const frames = splitter.push(chunk);
      if (!frames.ok) return frames.reason;
      if (frames.value.length > 0 || !splitter.isPartial) partialSince = undefined;
      if (splitter.isPartial) partialSince ??= now;
      if (partialSince !== undefined && now - partialSince > limits.eventMs) {
        return `an event is not complete after ${limits.eventMs / 1000} s`;
      }
      for (const frame of frames.value) {
        const event = format.decodeEvent(frame);
        if (!event.ok) return event.reason;
        const stop = reader.take(event.value);
        if (stop !== undefined) return stop;
      }
      reader.flush();
      return undefined;
    },
  });
  clearTimeout(steady);
  reader.flush();
  return { end: endOf(read, reader, watching), position: reader.position };
}

function endOf(read: Awaited<ReturnType<typeof readBody>>, reader: EventReader, watching: Watching): WatchEnd {
  if (reader.refusal !== undefined) return refused(reader.refusal, watching);
  // A server may have nothing to say; who resumes misses nothing.
  if (read.kind === 'silent' && !reader.isListing) return { kind: 'ended' };
  if (read.kind !== 'ended') {
    const { isWasteful } = reader;
    return failed(read.reason, reader.isListing ? { remedy: 'pages next', isWasteful } : {});
  }
  if (reader.isListing) return failed('it ended the watch before all was listed', { remedy: 'pages next' });
  return { kind: 'ended' };
}

interface EventReader {
  /** A reason ends the watch. */
  take(event: RawEvent): string | undefined;
  /** Tells what was taken. */
  flush(): void;
  readonly isListing: boolean;
  readonly position: string | undefined;
  /** It gave up a listing without end. */
  readonly isWasteful: boolean;
  /** The server ended the watch with it. */
  readonly refusal: Refusal | undefined;
}

function createEventReader(watching: Watching): EventReader {
  const { api, resource, told, sink, from, onListed } = watching;
  let ops: Op[] = [];
  let isListing = from === undefined;
  let position = from;
  let refusal: Refusal | undefined;
  let events = 0;
  let isWasteful = false;
  if (isListing) told.beginListing();

  const flush = (): void => {
    if (ops.length > 0) sink(ops);
    ops = [];
  };
  const advance = (object: Fields): void => {
    const version = fieldsOf(object['metadata'])['resourceVersion'];
    // While it lists, events come in no order: only the bookmark at the end is a position.
    if (!isListing && typeof version === 'string' && version !== '' && version.length <= LONGEST_POSITION) {
      position = version;
    }
  };
  const take = ({ type, object }: RawEvent): string | undefined => {
    if (type === 'ERROR') {
      refusal = toRefusal(object);
      return 'it sent an error';
    }
    if (object['kind'] !== resource.kind) {
      return `it sent ${quote(object['kind'])} in place of ${resource.kind} objects`;
    }
    events += 1;
    switch (type) {
      case 'ADDED':
      case 'MODIFIED':
        if (isListing && events > api.limits.objects) {
          ops.push(...told.dropListing());
          isWasteful = true;
          return hasNoEnd(resource, api.limits.objects);
        }
        for (const op of told.set(object)) ops.push(op);
        break;
      case 'DELETED':
        for (const op of told.delete(object)) ops.push(op);
        break;
      case 'BOOKMARK':
        if (isListing && endsListing(object)) {
          const listed = told.endListing();
          if (listed === undefined) return hasGrown(resource, told.size);
          isListing = false;
          for (const op of listed) ops.push(op);
          flush();
          onListed();
        }
        break;
      default:
        return `it sent an event of type ${quote(type)}`;
    }
    advance(object);
    return undefined;
  };
  return {
    take,
    flush,
    get isListing() {
      return isListing;
    },
    get position() {
      return position;
    },
    get isWasteful() {
      return isWasteful;
    },
    get refusal() {
      return refusal;
    },
  };
}

function endsListing(bookmark: Fields): boolean {
  return fieldsOf(fieldsOf(bookmark['metadata'])['annotations'])['k8s.io/initial-events-end'] === 'true';
}

function refused(refusal: Refusal, { resource, from }: Watching): WatchEnd {
  const { code, retryAfterMs } = refusal;
  const isMisplaced = from !== undefined && (code === 400 || code === 422); // it can't read its own position
  if (isExpired(refusal) || isMisplaced) return { kind: 'expired' };
  const isPermanent = code === 401 || code === 403;
  const remedy = remedyOf(code, from === undefined && !isPermanent);
  return failed(explainRefusal(refusal, resource, 'watch'), { retryAfterMs, remedy, isPermanent });
}

/** A server without WatchList says 400 or 422, one whose etcd can't tell its progress 500. */
function remedyOf(code: number, isListing: boolean): Remedy | undefined {
  if (code === 406 || code === 415) return 'json';
  if (!isListing) return undefined;
  if (code === 400 || code === 422) return 'pages';
  return code >= 500 ? 'pages next' : undefined;
}

function failed(reason: string, more: Partial<Trouble> = {}): WatchEnd {
  return { kind: 'failed', trouble: trouble(reason, more) };
}
