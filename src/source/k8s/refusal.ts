import { shorten } from '../../model/quote.ts';
import { fieldsOf } from '../../model/untrusted.ts';
import { formatOf } from './format/formats.ts';
import type { Answer } from './http/channel.ts';
import { readWhole } from './http/read-body.ts';
import type { Resource } from './resource.ts';

/** What a server says in place of what was asked for: its Status, or what HTTP tells. */
export interface Refusal {
  readonly code: number;
  /** Of the Status: "Expired", "Forbidden". */
  readonly reason: string;
  readonly message: string;
  readonly retryAfterMs: number;
}

const LONGEST_BODY_BYTES = 64 << 10;
const BODY_MS = 5_000;

export async function readRefusal(answer: Answer, cancel: () => void, signal: AbortSignal): Promise<Refusal> {
  const read = await readWhole({ answer, cancel, signal }, LONGEST_BODY_BYTES, BODY_MS);
  const format = formatOf(answer.headers['content-type']);
  const body = read.kind === 'body' ? format?.decode(read.bytes) : undefined;
  const after = Number(answer.headers['retry-after']);
  const status = toRefusal(body?.ok === true ? body.value : {});
  const asked = Number.isFinite(after) && after > 0 ? after * 1000 : 0;
  return { ...status, code: answer.status, retryAfterMs: Math.max(asked, status.retryAfterMs) };
}

/** Reads a metav1.Status of any shape. */
export function toRefusal(status: unknown): Refusal {
  const { code, reason, message, details } = fieldsOf(status);
  const seconds = fieldsOf(details)['retryAfterSeconds'];
  return {
    code: typeof code === 'number' ? code : 0,
    reason: typeof reason === 'string' ? reason : '',
    message: typeof message === 'string' ? message : '',
    retryAfterMs: typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : 0,
  };
}

/** The position to resume from is too old, or of another time line: only a new listing helps. */
export function isExpired({ code, reason, message }: Refusal): boolean {
  return code === 410 || reason === 'Expired' || reason === 'Gone' || /too large resource version/i.test(message);
}

/** Cause and cure for people. */
export function explainRefusal(refusal: Refusal, resource: Resource, verb: 'list' | 'watch'): string {
  const { code, reason, message } = refusal;
  const said = shorten(message === '' ? reason : message, 300);
  const status = [code === 0 ? '' : String(code), said].filter((part) => part !== '').join(' ');
  switch (code) {
    case 400:
      return `it does not understand us (${status}): Kubernetes 1.31 or newer is needed`; // selects Services by clusterIP
    case 401:
      return `it does not know us (${status}): correct or renew the token or client certificate`;
    case 403: {
      const rule = `{apiGroups: ["${resource.group}"], resources: ["${resource.name}"], verbs: ["list", "watch"]}`;
      return `we may not ${verb} ${resource.name} (${status}): add the rule ${rule} to our ClusterRole`;
    }
    case 404:
      return `it has no ${resource.path} (${status}): is it a Kubernetes API server?`;
    case 429:
      return `it has too much to do (${status})`;
    default:
      return `it refuses to ${verb} (${status === '' ? 'without a reason' : status})`;
  }
}
