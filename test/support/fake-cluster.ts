import type { Answer, FakeRequest, FakeResponse } from './fake-api.ts';
import { encodeEvent, encodeObject } from './kube-protobuf.ts';

type Raw = Readonly<Record<string, unknown>>;

interface Meta {
  readonly namespace?: string;
  readonly name: string;
}

const KINDS: Readonly<Record<string, { readonly kind: string; readonly apiVersion: string }>> = {
  '/api/v1/services': { kind: 'Service', apiVersion: 'v1' },
  '/apis/discovery.k8s.io/v1/endpointslices': { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1' },
  '/api/v1/nodes': { kind: 'Node', apiVersion: 'v1' },
};

interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Raw;
}

interface Watch {
  readonly kind: string;
  readonly response: FakeResponse;
  readonly format: WireFormat;
}

type WireFormat = 'protobuf' | 'json';

/** What an API server does with three kinds of objects: lists, pages, watches, resumes, forgets. It selects nothing. */
export class FakeCluster {
  #version = 1;
  /** The oldest position that can be resumed. */
  #oldest = 0;
  #changes: Change[] = [];
  readonly #objects = new Map<string, Raw>();
  readonly #watches = new Set<Watch>();
  /** Answers in the cluster's place where it returns true. */
  hijack: (request: FakeRequest, response: FakeResponse) => boolean = () => false;
  watchList = true;
  formats: readonly WireFormat[] = ['protobuf', 'json'];

  constructor(objects: readonly Raw[] = []) {
    for (const object of objects) this.set(object);
  }

  get version(): number {
    return this.#version;
  }

  get watches(): number {
    return this.#watches.size;
  }

  set(object: Raw): void {
    const key = keyOf(object);
    this.#tell(this.#objects.has(key) ? 'MODIFIED' : 'ADDED', object);
  }

  delete(object: Raw): void {
    this.#tell('DELETED', object);
  }

  /** As etcd's compaction: nothing before now can be resumed. */
  compact(): void {
    this.#changes = [];
    this.#oldest = this.#version;
  }

  /** Ends the watches as their time-out does. */
  endWatches(): void {
    for (const { response } of this.#watches) response.end();
    this.#watches.clear();
  }

  readonly answer: Answer = (request, response) => {
    if (this.hijack(request, response)) return;
    const type = KINDS[request.path];
    const format = this.#formatFor(request);
    if (type === undefined)
      return refuse(response, 404, 'NotFound', 'the server could not find the requested resource');
    if (format === undefined)
      return refuse(response, 406, 'NotAcceptable', 'only the following media types are accepted');
    if (request.query.get('watch') === 'true') this.#watch(request, response, { ...type, format });
    else this.#list(request, response, { ...type, format });
  };

  #formatFor(request: FakeRequest): WireFormat | undefined {
    const accepted = String(request.headers['accept']).split(',');
    const found = accepted.map((type) => (type.includes('protobuf') ? 'protobuf' : 'json') as WireFormat);
    return found.find((format) => this.formats.includes(format));
  }

  #watch(request: FakeRequest, response: FakeResponse, type: Typed): void {
    const { kind, format } = type;
    const lists = request.query.get('sendInitialEvents') === 'true';
    if (lists && !this.watchList) {
      refuse(response, 422, 'Invalid', 'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch');
      return;
    }
    const from = Number(request.query.get('resourceVersion') ?? this.#version);
    if (Number.isNaN(from)) {
      refuse(response, 400, 'BadRequest', 'invalid resource version');
      return;
    }
    if (from < this.#oldest) {
      refuse(response, 410, 'Expired', `too old resource version: ${from}`);
      return;
    }
    if (from > this.#version) {
      refuse(response, 504, 'Timeout', `Too large resource version: ${from}, current: ${this.#version}`);
      return;
    }
    response.writeHead(200, { 'content-type': `${contentType(format)};stream=watch` });
    const watch = { kind, response, format };
    if (lists) {
      for (const object of this.#ofKind(kind)) send(watch, 'ADDED', object);
      send(watch, 'BOOKMARK', this.#bookmark(type, { 'k8s.io/initial-events-end': 'true' }));
    } else {
      for (const { version, type: change, object } of this.#changes) {
        if (version > from && object['kind'] === kind) send(watch, change, object);
      }
    }
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
  }

  /** Tells every watch where it stands. */
  bookmark(): void {
    for (const watch of this.#watches) {
      const type = Object.values(KINDS).find(({ kind }) => kind === watch.kind);
      if (type !== undefined) send(watch, 'BOOKMARK', this.#bookmark({ ...type, format: watch.format }, {}));
    }
  }

  #bookmark({ kind, apiVersion }: Typed, annotations: Readonly<Record<string, string>>): Raw {
    return { kind, apiVersion, metadata: { resourceVersion: String(this.#version), annotations } };
  }

  #list(request: FakeRequest, response: FakeResponse, { kind, apiVersion, format }: Typed): void {
    const all = this.#ofKind(kind);
    const start = Number(request.query.get('continue') ?? 0);
    if (start > all.length) {
      refuse(response, 410, 'Expired', 'The provided continue parameter is too old');
      return;
    }
    const end = start + Number(request.query.get('limit') ?? all.length);
    const next = end < all.length ? { continue: String(end) } : {};
    const items = all.slice(start, end).map(({ kind: _, apiVersion: __, ...item }) => item);
    const metadata = { resourceVersion: String(this.#version), ...next };
    response.writeHead(200, { 'content-type': contentType(format) });
    response.end(encode(format, { kind: `${kind}List`, apiVersion, metadata, items }));
  }

  #ofKind(kind: string): Raw[] {
    return [...this.#objects.values()].filter((object) => object['kind'] === kind);
  }

  #tell(type: Change['type'], raw: Raw): void {
    this.#version += 1;
    const metadata = { ...(raw['metadata'] as Meta), resourceVersion: String(this.#version) };
    const object = { ...raw, metadata };
    if (type === 'DELETED') this.#objects.delete(keyOf(object));
    else this.#objects.set(keyOf(object), object);
    this.#changes.push({ version: this.#version, type, object });
    for (const watch of this.#watches) if (watch.kind === raw['kind']) send(watch, type, object);
  }
}

interface Typed {
  readonly kind: string;
  readonly apiVersion: string;
  readonly format: WireFormat;
}

/** A Status in JSON. */
export function refuse(
  response: FakeResponse,
  code: number,
  reason: string,
  message: string,
  headers: object = {},
): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason, message, code }),
  );
}

function keyOf(object: Raw): string {
  const { namespace, name } = object['metadata'] as Meta;
  return `${String(object['kind'])} ${namespace ?? ''}/${name}`;
}

function send({ response, format }: Watch, type: string, object: Raw): void {
  response.write(format === 'protobuf' ? encodeEvent(type, object) : `${JSON.stringify({ type, object })}\n`);
}

function encode(format: WireFormat, object: Raw): Uint8Array | string {
  return format === 'protobuf' ? encodeObject(object) : JSON.stringify(object);
}

function contentType(format: WireFormat): string {
  return format === 'protobuf' ? 'application/vnd.kubernetes.protobuf' : 'application/json';
}
