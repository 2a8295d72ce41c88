import { expect, test } from 'vitest';
import { rawNode, rawService } from '../../../test/conformance/objects.ts';
import { eventually } from '../../../test/support/deadline.ts';
import { type FakeRequest, type FakeResponse, startFakeApi } from '../../../test/support/fake-api.ts';
import { FakeCluster, refuse } from '../../../test/support/fake-cluster.ts';
import { Followed, QUICK } from '../../../test/support/followed.ts';
import { encodeEvent, encodeObject, frame } from '../../../test/support/kube-protobuf.ts';
import type { Limits } from './limits.ts';

const WATCH = { 'content-type': 'application/vnd.kubernetes.protobuf;stream=watch' };
const LIST = { 'content-type': 'application/vnd.kubernetes.protobuf' };
const SERVICE = rawService({ metadata: { resourceVersion: '1' } });
// Times are short only where a fault is about time: a busy machine must not look like a fault.
const LIMITS = { ...QUICK, longestRetryMs: 20, objects: 2000 };
const ENDLESS = Buffer.concat(
  Array.from({ length: 2001 }, (_, index) => encodeEvent('ADDED', rawService({ metadata: { name: `s-${index}` } }))),
);
const FULL_PAGES = Array.from({ length: 5 }, (_, page) =>
  Array.from({ length: 500 }, (_, index) => rawService({ metadata: { name: `s-${page}-${index}` } })),
);

function watch(response: FakeResponse, ...frames: readonly (Uint8Array | string)[]): void {
  response.writeHead(200, WATCH);
  for (const each of frames) response.write(each);
}

function page(response: FakeResponse, items: readonly object[], metadata: object): void {
  response.writeHead(200, LIST);
  response.end(encodeObject({ kind: 'ServiceList', apiVersion: 'v1', items, metadata }));
}

/** Sends a byte of it every few milliseconds until nobody listens. */
function drip(response: FakeResponse, bytes: Uint8Array): void {
  let at = 0;
  const timer = setInterval(() => {
    response.write(bytes.subarray(at, at + 1));
    at = (at + 1) % bytes.length;
  }, 20);
  response.on('close', () => clearInterval(timer));
}

interface Fault {
  /** Answers what concerns Services while the fault lasts. */
  readonly answer: (request: FakeRequest, response: FakeResponse) => void;
  /** Where the listing by pages fails, too, and how; default: 503. */
  readonly pages?: (request: FakeRequest, response: FakeResponse) => void;
  readonly says: string;
  readonly limits?: Partial<Limits>;
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'an event cut short': {
    answer: (_, response) => {
      watch(response, encodeEvent('ADDED', SERVICE).subarray(0, 60));
      response.end();
    },
    says: 'it ended the watch before all was listed',
  },
  'an event that never ends': {
    answer: (_, response) => {
      watch(response, encodeEvent('ADDED', SERVICE).subarray(0, 8));
      drip(response, Buffer.from('x'));
    },
    says: 'an event is not complete after 0.1 s',
    limits: { eventMs: 100 },
  },
  'bytes that are no event': {
    answer: (_, response) => watch(response, frame(Buffer.from('k8s\0 is not what this is'))),
    says: 'an object is not valid protobuf: illegal tag: field no 0 wire type 0',
  },
  'an event of four gigabytes': {
    answer: (_, response) => watch(response, Buffer.alloc(64, 0xff)),
    says: 'an event has 4294967295 bytes, more than 4194304',
  },
  'objects of another kind': {
    answer: (_, response) => watch(response, encodeEvent('ADDED', rawNode([]))),
    says: 'it sent "Node" in place of Service objects',
  },
  'events of an unknown type': {
    answer: (_, response) => watch(response, encodeEvent('RENAMED', SERVICE)),
    says: 'it sent an event of type "RENAMED"',
  },
  'an error in the stream': {
    answer: (_, response) =>
      watch(response, encodeEvent('ERROR', { kind: 'Status', apiVersion: 'v1', code: 500, message: 'etcd is away' })),
    says: 'it refuses to watch (500 etcd is away)',
  },
  'a listing that falls silent': {
    answer: (_, response) => watch(response, encodeEvent('ADDED', SERVICE)),
    says: 'nothing came for 0.2 s',
    limits: { listingIdleMs: 200 },
  },
  'a listing without end': {
    answer: (_, response) => watch(response, ENDLESS),
    says: 'its list of services has no end: it passed 2000 objects',
  },
  'no answer at all': {
    answer: () => undefined,
    says: 'no answer began within 0.2 s',
    limits: { headersMs: 200 },
  },
  'a cut without an answer': {
    answer: (_, response) => response.destroy(),
    says: 'the server closed the stream without an answer',
  },
  'a page for people': {
    answer: (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html>');
    },
    says: 'it answers in "text/html": is it a Kubernetes API server?',
  },
  'a storm of errors': {
    answer: (_, response) => refuse(response, 503, 'ServiceUnavailable', 'apiserver is shutting down'),
    says: 'it refuses to watch (503 apiserver is shutting down)',
  },
  'too many requests': {
    answer: (_, response) => refuse(response, 429, 'TooManyRequests', 'slow down', { 'retry-after': '0.1' }),
    says: 'it has too much to do (429 slow down)',
  },
  'no rights': {
    answer: (_, response) =>
      refuse(
        response,
        403,
        'Forbidden',
        'User "x" cannot watch resource "services" in API group "" at the cluster scope',
      ),
    says:
      'we may not watch services (403 User "x" cannot watch resource "services" in API group "" at the cluster scope): ' +
      'add the rule {apiGroups: [""], resources: ["services"], verbs: ["list", "watch"]} to our ClusterRole',
  },
  'a server that selects no Services by their address': {
    answer: (_, response) => refuse(response, 400, 'BadRequest', 'field label not supported: spec.clusterIP'),
    pages: (_, response) => refuse(response, 400, 'BadRequest', 'field label not supported: spec.clusterIP'),
    says: 'it does not understand us (400 field label not supported: spec.clusterIP): Kubernetes 1.31 or newer is needed',
  },
  'an unknown token': {
    answer: (_, response) => refuse(response, 401, 'Unauthorized', 'Unauthorized'),
    says: 'it does not know us (401 Unauthorized): correct or renew the token or client certificate',
  },
  'no such resource': {
    answer: (_, response) => refuse(response, 404, 'NotFound', 'not found'),
    says: 'it has no /api/v1/services (404 not found): is it a Kubernetes API server?',
  },
  'a body that is no Status': {
    answer: (_, response) => {
      response.writeHead(500, { 'content-type': 'text/plain' });
      response.end('panic');
    },
    says: 'it refuses to watch (500)',
  },
};

/** Faults of a server that lists by pages. */
const PAGE_FAULTS: Readonly<Record<string, Fault>> = {
  'pages without end': {
    answer: ({ query }, response) => {
      const next = Number(query.get('continue') ?? 0) + 1;
      page(response, FULL_PAGES[next - 1] ?? [], { resourceVersion: '1', continue: String(next) });
    },
    says: 'its list of services has no end: it passed 2000 objects',
  },
  'pages that lead nowhere': {
    answer: ({ query }, response) =>
      page(response, [], { resourceVersion: '1', continue: `${query.get('continue') ?? ''}x` }),
    says: 'its list of services has no end: a page leads nowhere',
  },
  'a page that drips': {
    answer: (_, response) => {
      response.writeHead(200, LIST);
      drip(response, Buffer.from('k8s'));
    },
    says: 'it took more than 0.2 s',
    limits: { pageMs: 200 },
  },
  'a list of another kind': {
    answer: (_, response) => {
      response.writeHead(200, LIST);
      response.end(encodeObject({ kind: 'NodeList', apiVersion: 'v1', items: [], metadata: { resourceVersion: '1' } }));
    },
    says: 'it lists "NodeList" in place of Service objects',
  },
  'a list without a position': {
    answer: (_, response) => page(response, [], {}),
    says: 'its list of services has no resourceVersion',
  },
  'pages that expire': {
    answer: (_, response) => refuse(response, 410, 'Expired', 'The provided continue parameter is too old'),
    says: 'its list changed faster than it was read',
  },
};

const ALL = [
  ...Object.entries(FAULTS).map(([name, fault]) => ({ name, fault, watchList: true })),
  ...Object.entries(PAGE_FAULTS).map(([name, fault]) => ({ name, fault, watchList: false })),
];

test.each(ALL)('$name: one clear line, nothing told, and all well when it is over', async ({ fault, watchList }) => {
  const cluster = new FakeCluster([rawNode(['192.0.2.1']), SERVICE]);
  cluster.watchList = watchList;
  let asked = 0;
  cluster.hijack = (request, response) => {
    if (!request.path.endsWith('/services')) return false;
    const isWatch = request.query.has('watch');
    if (isWatch === watchList) fault.answer(request, response);
    else if (isWatch)
      return false; // refused: the cluster has no WatchList
    else if (fault.pages !== undefined) fault.pages(request, response);
    else refuse(response, 503, 'ServiceUnavailable', 'no pages either');
    if (isWatch === watchList || fault.pages !== undefined) asked += 1;
    return true;
  };
  await using api = await startFakeApi('h2', cluster.answer);
  const access = {
    server: new URL(api.url),
    trust: async () => ({ ca: api.ca }),
    authorization: async () => undefined,
  };
  await using followed = new Followed(access, { limits: { ...LIMITS, ...fault.limits } });
  await eventually('two attempts that fail alike', () => (asked > 2 && followed.told.length > 0 ? true : undefined));
  expect(followed.syncs).toBe(0);
  const away = 'api server fails us, the dataplane stays as it is: it refuses to list (503 no pages either)';
  expect(followed.told.filter((line) => line !== away)).toEqual([
    `api server fails us, the dataplane stays as it is: ${fault.says}`,
  ]);

  cluster.hijack = () => false;
  await eventually('sync', () => (followed.syncs > 0 ? true : undefined));
  expect(followed.names).toEqual(['Node node-a', 'Service ns1/svc1']);
  expect(followed.told.at(-1)).toBe('api server serves us again');
});

test.each([
  ['none', {}],
  ['endless', { resourceVersion: '9'.repeat(10_000) }],
  ['not a number', { resourceVersion: 'a b&c=d' }],
])('resourceVersions of any shape: %s', async (_, metadata) => {
  const cluster = new FakeCluster([rawNode(['192.0.2.1'])]);
  const bookmark = { ...SERVICE, metadata: { ...metadata, annotations: { 'k8s.io/initial-events-end': 'true' } } };
  let asked = 0;
  cluster.hijack = ({ path }, response) => {
    asked += 1;
    if (!path.endsWith('/services') || asked > 20) return false;
    watch(
      response,
      encodeEvent('ADDED', { ...SERVICE, metadata: { ...(SERVICE['metadata'] as object), ...metadata } }),
    );
    response.write(encodeEvent('BOOKMARK', bookmark));
    response.end();
    return true;
  };
  await using api = await startFakeApi('h2', cluster.answer);
  const access = {
    server: new URL(api.url),
    trust: async () => ({ ca: api.ca }),
    authorization: async () => undefined,
  };
  await using followed = new Followed(access, { limits: LIMITS });
  await eventually('sync', () => (followed.syncs > 0 ? true : undefined));
  expect(followed.names).toEqual(['Node node-a', 'Service ns1/svc1']);
  cluster.set(rawService({ metadata: { name: 'later' } }));
  await eventually('the change', () => (followed.names.includes('Service ns1/later') ? true : undefined));
});

test('a position of another time line is forgotten', async () => {
  const cluster = new FakeCluster([rawNode(['192.0.2.1']), SERVICE]);
  await using api = await startFakeApi('h2', cluster.answer);
  const access = {
    server: new URL(api.url),
    trust: async () => ({ ca: api.ca }),
    authorization: async () => undefined,
  };
  await using followed = new Followed(access, { limits: LIMITS });
  await eventually('sync', () => (followed.syncs > 0 ? true : undefined));
  cluster.hijack = ({ query }, response) => {
    if (!query.has('resourceVersion')) return false;
    refuse(response, 504, 'Timeout', 'Too large resource version: 900, current: 3');
    return true;
  };
  cluster.set(rawService({ metadata: { name: 'later' } }));
  cluster.endWatches();
  await eventually('the change', () => (followed.names.includes('Service ns1/later') ? true : undefined));
  expect(followed.ops.filter(({ op }) => op === 'reset' || op === 'delete')).toEqual([]);
});
