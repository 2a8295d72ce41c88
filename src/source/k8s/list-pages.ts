import { quote } from '../../model/quote.ts';
import { type Fields, fieldsOf, isFields } from '../../model/untrusted.ts';
import type { OpSink } from '../source.ts';
import type { Api } from './api.ts';
import { acceptHeader, formatOf } from './format/formats.ts';
import { readWhole } from './http/read-body.ts';
import { explainRefusal, isExpired, readRefusal } from './refusal.ts';
import { queryOf, type Resource } from './resource.ts';
import type { Told } from './told.ts';
import { type Trouble, trouble } from './trouble.ts';

export interface Listing {
  readonly api: Api;
  readonly resource: Resource;
  readonly told: Told;
  readonly sink: OpSink;
  readonly isJsonOnly: boolean;
  readonly signal: AbortSignal;
}

export type Listed =
  /** All told; `position`: what to watch from. */
  { readonly kind: 'listed'; readonly position: string } | { readonly kind: 'failed'; readonly trouble: Trouble };

const PAGE_ITEMS = 500;

/** Lists page by page and tells each page as it comes; after the last it deletes what vanished. */
export async function listPages(listing: Listing): Promise<Listed> {
  const { api, resource, told, sink } = listing;
  let token = '';
  let items = PAGE_ITEMS;
  let objects = 0;
  told.beginListing();
  for (;;) {
    const page = await askPage(listing, token, items);
    if (page.kind === 'failed') {
      const isWasteful = page.trouble.isWasteful || items < PAGE_ITEMS; // pages that were too large, too
      return { kind: 'failed', trouble: { ...page.trouble, isWasteful } };
    }
    if (page.kind === 'large') {
      if (items === 1) {
        const reason = `a single object of ${resource.name} has more than ${api.limits.pageBytes} bytes`;
        return failed(reason, { isWasteful: true });
      }
      items = Math.ceil(items / 8);
      continue;
    }
    objects += page.objects.length;
    if (objects > api.limits.objects) {
      sink(told.dropListing());
      return failed(hasNoEnd(resource, api.limits.objects), { isWasteful: true });
    }
    sink(page.objects.flatMap((raw) => told.set(raw)));
    if (page.next === '') {
      if (page.position === '') return failed(`its list of ${resource.name} has no resourceVersion`);
      const ops = told.endListing();
      if (ops === undefined) return failed(hasGrown(resource, told.size));
      sink(ops);
      return { kind: 'listed', position: page.position };
    }
    if (page.objects.length === 0 || page.next === token) {
      return failed(`its list of ${resource.name} has no end: a page leads nowhere`);
    }
    token = page.next;
  }
}

type Page =
  | { readonly kind: 'page'; readonly objects: readonly Fields[]; readonly next: string; readonly position: string }
  | { readonly kind: 'large' }
  | { readonly kind: 'failed'; readonly trouble: Trouble };

async function askPage({ api, resource, isJsonOnly, signal }: Listing, token: string, items: number): Promise<Page> {
  const path = queryOf(resource, { limit: String(items), ...(token === '' ? {} : { continue: token }) });
  const asked = await api.get(path, acceptHeader(isJsonOnly, ''), signal);
  if (asked.kind === 'failed') return failed(asked.reason);
  const { answer, cancel } = asked;
  if (answer.status !== 200) {
    const refusal = await readRefusal(answer, cancel, signal);
    const { code, retryAfterMs } = refusal;
    if (isExpired(refusal)) return failed('its list changed faster than it was read', { retryAfterMs });
    return failed(explainRefusal(refusal, resource, 'list'), {
      retryAfterMs,
      remedy: code === 406 || code === 415 ? 'json' : undefined,
      isPermanent: code === 401 || code === 403,
    });
  }
  const format = formatOf(answer.headers['content-type']);
  if (format === undefined) {
    cancel();
    return failed(`it answers in ${quote(answer.headers['content-type'])}: is it a Kubernetes API server?`);
  }
  const read = await readWhole({ answer, cancel, signal }, api.limits.pageBytes, api.limits.pageMs);
  if (read.kind === 'large') return read;
  if (read.kind === 'failed') return failed(read.reason, { isWasteful: true });
  const list = format.decode(read.bytes);
  if (!list.ok) return failed(list.reason);
  if (list.value['kind'] !== `${resource.kind}List`) {
    return failed(`it lists ${quote(list.value['kind'])} in place of ${resource.kind} objects`);
  }
  return toPage(list.value, resource);
}

/** The API's lists say kind and version once for all items. */
function toPage(list: Fields, { kind, apiVersion }: Resource): Page {
  const metadata = fieldsOf(list['metadata']);
  const items: readonly unknown[] = Array.isArray(list['items']) ? list['items'] : [];
  return {
    kind: 'page',
    objects: items.filter(isFields).map((item) => ({ ...item, kind, apiVersion })),
    next: textOf(metadata['continue']),
    position: textOf(metadata['resourceVersion']),
  };
}

/** Why a listing is given up. */
export function hasNoEnd({ name }: Resource, passed: number): string {
  return `its list of ${name} has no end: it passed ${passed} objects`;
}

/** Why a listing is not taken, though it is complete. */
export function hasGrown({ name }: Resource, known: number): string {
  return `its list of ${name} has far more objects than the ${known} before: it is read once more to be sure`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function failed(reason: string, more: Partial<Trouble> = {}): { readonly kind: 'failed'; readonly trouble: Trouble } {
  return { kind: 'failed', trouble: trouble(reason, more) };
}
