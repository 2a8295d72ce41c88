import { pino } from 'pino';
import { nameOf } from '../../src/model/object.ts';
import type { Op } from '../../src/model/op.ts';
import type { Access } from '../../src/source/k8s/access/access.ts';
import { followCluster } from '../../src/source/k8s/follow.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/source/k8s/limits.ts';
import { NODE } from '../conformance/objects.ts';

/** Of a test: nothing in it should take long. */
export const QUICK: Limits = { ...DEFAULT_LIMITS, retryMs: 10, longestRetryMs: 100, steadyMs: 20 };

export interface FollowedLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The source `k8s` at work, and what its ops amount to. */
export class Followed implements AsyncDisposable {
  readonly ops: Op[] = [];
  readonly lines: FollowedLine[] = [];
  readonly #objects = new Map<string, object>();
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(access: Access, options: { readonly limits?: Limits; readonly podCidrs?: boolean } = {}) {
    const log = pino(
      { level: 'debug', base: null, timestamp: false },
      { write: (line: string) => this.lines.push(JSON.parse(line) as FollowedLine) },
    );
    this.#ended = followCluster({
      access,
      log,
      node: { name: NODE, podCidrs: options.podCidrs ?? false },
      limits: options.limits ?? QUICK,
      signal: this.#stop.signal,
      sink: (ops) => {
        for (const op of ops) this.#take(op);
      },
    });
    this.#ended.catch(() => undefined); // disposal tells
  }

  /** How often the listing was told to be complete. */
  get syncs(): number {
    return this.ops.filter(({ op }) => op === 'sync').length;
  }

  /** Names of what there is, sorted. */
  get names(): readonly string[] {
    return [...this.#objects.keys()].sort();
  }

  get objects(): ReadonlyMap<string, object> {
    return this.#objects;
  }

  /** Messages with their reasons that a person would see. */
  get told(): readonly string[] {
    return this.lines
      .filter(({ level }) => level >= 30)
      .map((line) => [line.msg, line['reason']].filter(Boolean).join(': '));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  #take(op: Op): void {
    this.ops.push(op);
    if (op.op === 'set') {
      const { object } = op;
      this.#objects.set(nameOf(object.kind, object.kind === 'Node' ? '' : object.namespace, object.name), object);
    } else if (op.op === 'delete') {
      this.#objects.delete(nameOf(op.kind, op.namespace, op.name));
    }
  }
}
