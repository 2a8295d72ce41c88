import type { Limits } from '../../../src/source/k8s/limits.ts';
import type { Answer, FakeResponse } from '../fake-api.ts';
import { type FakeCluster, refuse } from '../fake-cluster.ts';
import { encodeObject } from '../kube-protobuf.ts';

/** What an API server may do to whoever lists and watches Services. */
export interface Behaviour {
  /** How they are listed: in a watch (WatchList), or by pages. */
  readonly lists: 'watching' | 'by pages';
  /** Answers the listing. */
  readonly answer: Answer;
  /** Answers a listing by pages where watching fails; default: 503. */
  readonly pages?: Answer;
  /** Answers a watch that resumes; default: its position is forgotten (410). */
  readonly resumed?: Answer;
}

/** A behaviour that nothing can be learnt from. */
export interface Fault extends Behaviour {
  /** The reason that the log gives for it. */
  readonly says: (limits: Limits) => string;
  /** What a test shortens, so that it need not wait. */
  readonly limits?: Partial<Limits>;
}

export type Faults = Readonly<Record<string, Fault>>;

/** Has the cluster answer so where Services are asked for, until its `hijack` is set anew; counts those answers. */
export function breakServices(cluster: FakeCluster, behaviour: Behaviour): { readonly answers: number } {
  let answers = 0;
  cluster.watchList = behaviour.lists === 'watching';
  cluster.hijack = (request, response) => {
    if (!request.path.endsWith('/services')) return false;
    const answer = answerOf(behaviour, request.query);
    if (answer === undefined) return false; // refused: the cluster has no WatchList
    if (answer !== noPages) answers += 1;
    answer(request, response);
    return true;
  };
  return {
    get answers() {
      return answers;
    },
  };
}

function answerOf(behaviour: Behaviour, query: URLSearchParams): Answer | undefined {
  const isWatch = query.has('watch');
  if (isWatch && !query.has('sendInitialEvents')) return behaviour.resumed ?? forgotten;
  if (behaviour.lists === 'by pages') return isWatch ? undefined : behaviour.answer;
  return isWatch ? behaviour.answer : (behaviour.pages ?? noPages);
}

const forgotten: Answer = (_, response) => refuse(response, 410, 'Expired', 'too old resource version');
const noPages: Answer = (_, response) => refuse(response, 503, 'ServiceUnavailable', 'no pages either');

/** Begins a watch, in JSON where it is one of texts. */
export function watch(response: FakeResponse, ...frames: readonly (Uint8Array | string)[]): void {
  const type = typeof frames[0] === 'string' ? 'json' : 'vnd.kubernetes.protobuf';
  response.writeHead(200, { 'content-type': `application/${type};stream=watch` });
  for (const each of frames) response.write(each);
}

export function page(response: FakeResponse, items: readonly object[], metadata: object): void {
  beginPage(response);
  response.end(encodeObject({ kind: 'ServiceList', apiVersion: 'v1', items, metadata }));
}

export function beginPage(response: FakeResponse): void {
  response.writeHead(200, { 'content-type': 'application/vnd.kubernetes.protobuf' });
}

const DROP_BYTES = 16;

/** Sends a few bytes of it now and then, from its start again after its end, until nobody listens. */
export function drip(response: FakeResponse, bytes: Uint8Array): void {
  let at = 0;
  repeat(response, 20, () => {
    response.write(bytes.subarray(at, at + DROP_BYTES));
    at = at + DROP_BYTES < bytes.length ? at + DROP_BYTES : 0;
  });
}

/** Sends more as soon as it is taken, until nobody listens. */
export function pour(response: FakeResponse, more: () => Uint8Array): void {
  response.write(more(), (error) => {
    if (error === undefined || error === null) pour(response, more);
  });
}

/** Does it again and again until nobody listens. */
export function repeat(response: FakeResponse, everyMs: number, act: () => void): void {
  const timer = setInterval(act, everyMs);
  response.on('close', () => clearInterval(timer));
}
