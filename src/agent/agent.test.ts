import { Writable } from 'node:stream';
import pino from 'pino';
import { describe, expect, it, vi } from 'vitest';
import type { Backend, SyncReport } from '../backend/backend.ts';
import { ConfigError, SysError } from '../errors.ts';
import { parseObject } from '../model/object.ts';
import type { Op } from '../model/op.ts';
import { createPlanner } from '../plan/planner.ts';
import type { OpSink } from '../source/source.ts';
import { runAgent } from './agent.ts';
import type { Opening } from './reconcile.ts';

const REPORT: SyncReport = { writes: 1, frontends: 2, backends: 3, refused: [], tookMs: 4 };
const busy = new SysError({ operation: 'write map', target: 'm', errno: 16, code: 'EBUSY' });

/** An agent whose clock, source and backend the test plays. */
class Stage {
  readonly lines: unknown[] = [];
  /** Each sync: the keys updated and removed. */
  readonly syncs: (readonly [readonly string[], readonly string[]])[] = [];
  readonly outcomes: (SyncReport | Error)[] = [];
  readonly controller = new AbortController();
  /** What the observer was told, in order. */
  readonly told: string[] = [];
  tell: OpSink = () => undefined;
  requestSync: () => void = () => undefined;
  disposed = 0;
  began = 0;
  opened = 0;
  started = 0;
  #now = 0;
  readonly #timers = new Map<object, { readonly at: number; readonly fire: () => void }>();

  run(source?: (sink: OpSink) => Promise<void>, open?: (opening: Opening) => Promise<undefined>): Promise<void> {
    const { signal } = this.controller;
    return runAgent({
      source: (sink, ended) => {
        this.tell = sink;
        return source?.(sink) ?? new Promise((resolve) => ended.addEventListener('abort', () => resolve()));
      },
      planner: createPlanner(CONFIG),
      openBackend: async (opening) => {
        this.opened += 1;
        this.requestSync = opening.requestSync;
        await open?.(opening);
        return this.#backend();
      },
      log: pino({ level: 'info', base: null, timestamp: false }, this.#logTo()),
      observer: {
        received: (ops) => void this.told.push(`received ${ops.length}`),
        queued: () => void this.told.push('queued'),
        synced: ({ isFull, tookMs, report }) => {
          this.told.push(`synced ${isFull ? 'all' : 'changes'}, ${report.writes} writes in ${tookMs} ms`);
        },
        failed: () => void this.told.push('failed'),
      },
      now: () => this.#now,
      setTimer: (ms, fire) => {
        const timer = {};
        this.#timers.set(timer, { at: this.#now + ms, fire });
        return () => this.#timers.delete(timer);
      },
      onTold: () => {
        this.began += 1;
      },
      onStarted: () => {
        this.started += 1;
      },
      signal,
    });
  }

  /** Lets time pass; what is due fires. */
  advance(ms: number): void {
    this.#now += ms;
    for (const [timer, { at, fire }] of [...this.#timers]) {
      if (at <= this.#now) {
        this.#timers.delete(timer);
        fire();
      }
    }
  }

  /** Waits until so many syncs have happened. */
  async synced(count: number): Promise<void> {
    await vi.waitFor(() => expect(this.syncs.length).toBe(count), { timeout: 2000, interval: 1 });
    await new Promise((resolve) => setImmediate(resolve)); // the loop sleeps again
  }

  #backend(): Backend {
    return {
      name: 'stage',
      probe: () => Promise.resolve({ kind: 'supported' }),
      sync: (_, { updated, removed }) => {
        this.syncs.push([[...updated.keys()], [...removed]]);
        const outcome = this.outcomes.shift() ?? REPORT;
        return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
      },
      cleanup: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => {
        this.disposed += 1;
        return Promise.resolve();
      },
    };
  }

  #logTo(): Writable {
    const { lines } = this;
    return new Writable({
      write(text: Buffer, _, done) {
        const { level, ...line } = JSON.parse(text.toString()) as { level: number };
        lines.push(line);
        done();
      },
    });
  }
}

const CONFIG = {
  nodeName: 'node-a',
  clusterCidrs: [],
  detectLocalMode: 'ClusterCIDR',
  masqueradeAll: false,
  nodePortAddresses: [],
  localhostNodePorts: true,
  preferSameTrafficDistribution: true,
} as const;

function service(name: string, port: unknown = 80): Op {
  const parsed = parseObject({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'ns', name },
    spec: { clusterIP: `10.0.0.${name.charCodeAt(0)}`, ports: [{ port }] },
  });
  if (!parsed.ok) throw new Error(parsed.reason);
  return { op: 'set', object: parsed.value };
}

const gone = (name: string): Op => ({ op: 'delete', kind: 'Service', namespace: 'ns', name });
const SYNC: Op = { op: 'sync' };
const key = (name: string): string => `ns/${name}:/TCP/IPv4`;
const IN_SYNC = { writes: 1, frontends: 2, backends: 3, tookMs: 4, msg: 'dataplane in sync' };

async function end(stage: Stage, running: Promise<void>): Promise<void> {
  stage.controller.abort();
  await running;
}

describe('the agent', () => {
  it('takes the node once there is a whole listing, and applies it at once', async () => {
    const stage = new Stage();
    const running = stage.run();
    stage.tell([service('a'), service('b')]);
    await new Promise((resolve) => setImmediate(resolve));
    expect([stage.began, stage.opened]).toEqual([1, 0]);
    stage.tell([SYNC]);
    await stage.synced(1);
    await end(stage, running);
    expect(stage.syncs).toEqual([[[key('a'), key('b')], []]]);
    expect([stage.lines, stage.disposed]).toEqual([[IN_SYNC], 1]);
  });

  it('plans while the backend opens, and again what came meanwhile', async () => {
    const stage = new Stage();
    const running = stage.run(undefined, async ({ meanwhile }) => {
      meanwhile();
      stage.tell([service('b'), gone('a')]);
      return undefined;
    });
    stage.tell([service('a'), service('c'), SYNC]);
    await stage.synced(1);
    await end(stage, running);
    expect(stage.syncs).toEqual([[[key('c'), key('b')], [key('a')]]]);
  });

  it('applies changes as they come, several at once', async () => {
    const stage = new Stage();
    const running = stage.run();
    stage.tell([service('a'), SYNC]);
    await stage.synced(1);
    stage.tell([service('b')]);
    stage.tell([gone('a')]);
    await stage.synced(2);
    await end(stage, running);
    expect(stage.syncs[1]).toEqual([[key('b')], [key('a')]]);
    expect(stage.lines[1]).toEqual({ ...IN_SYNC, cause: 'change', msg: 'dataplane updated' });
  });

  it('compares with the kernel every 30 seconds, and when the backend asks', async () => {
    const stage = new Stage();
    const running = stage.run();
    stage.tell([service('a'), SYNC]);
    await stage.synced(1);
    stage.advance(29_999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(stage.syncs.length).toBe(1);
    stage.advance(1);
    await stage.synced(2);
    stage.outcomes.push({ ...REPORT, writes: 0 });
    stage.requestSync();
    await stage.synced(3);
    await end(stage, running);
    expect(stage.started).toBe(1);
    expect(stage.syncs.slice(1)).toEqual([
      [[], []],
      [[], []],
    ]);
    expect(stage.lines.slice(1)).toEqual([{ ...IN_SYNC, cause: 'resync', msg: 'dataplane updated' }]);
  });

  it('tries again what failed, later and later, with what has changed since', async () => {
    const stage = new Stage();
    stage.outcomes.push(busy, busy);
    const running = stage.run();
    stage.tell([service('a'), SYNC]);
    await stage.synced(1);
    stage.tell([service('b')]);
    stage.advance(100);
    await stage.synced(2);
    stage.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
    expect(stage.syncs.length).toBe(2);
    stage.advance(100);
    await stage.synced(4); // the last one compares
    await end(stage, running);
    expect(stage.syncs).toEqual([
      [[key('a')], []],
      [[key('a'), key('b')], []],
      [[key('a'), key('b')], []],
      [[], []],
    ]);
    expect(stage.lines.slice(0, 2)).toEqual([
      { reason: busy.message, failures: 1, msg: 'sync failed, it will be tried again' },
      IN_SYNC,
    ]);
  });

  it('tells its observer what it does', async () => {
    const stage = new Stage();
    stage.outcomes.push(busy);
    const running = stage.run();
    stage.tell([service('a'), SYNC]);
    await stage.synced(1);
    stage.advance(100);
    await stage.synced(3); // the last one compares
    stage.tell([service('b')]);
    await stage.synced(4);
    await end(stage, running);
    expect(stage.told).toEqual([
      ...['received 2', 'queued', 'failed', 'queued', 'synced all, 1 writes in 0 ms'],
      ...['queued', 'synced all, 1 writes in 0 ms'],
      ...['received 1', 'queued', 'synced changes, 1 writes in 0 ms'],
    ]);
  });

  it('tells each refusal once, and that it is over', async () => {
    const stage = new Stage();
    const refused = [{ service: 'ns/a', reason: 'map full' }];
    stage.outcomes.push({ ...REPORT, refused }, { ...REPORT, refused });
    const running = stage.run();
    stage.tell([service('a'), service('b', 0), SYNC]);
    await stage.synced(1);
    stage.tell([service('c')]);
    await stage.synced(2);
    stage.tell([gone('b')]);
    await stage.synced(2);
    stage.tell([gone('c')]);
    await stage.synced(3);
    await end(stage, running);
    const told = stage.lines.map((line) => line as { msg: string }).filter(({ msg }) => !msg.startsWith('dataplane'));
    expect(told).toEqual([
      { svc: 'ns/a', reason: 'map full', msg: 'service refused' },
      {
        object: 'Service ns/b',
        reason: 'spec.ports[0].port: 0 is not a port: use a number from 1 to 65535',
        msg: 'object ignored',
      },
      { object: 'Service ns/b', msg: 'object no longer ignored' },
      { svc: 'ns/a', msg: 'service no longer refused' },
    ]);
  });

  it('ends with the error of a source or a backend that cannot begin', async () => {
    const failure = new ConfigError('no');
    await expect(new Stage().run(() => Promise.reject(failure))).rejects.toBe(failure);
    const stage = new Stage();
    const running = stage.run(undefined, () => Promise.reject(busy));
    stage.tell([SYNC]);
    await expect(running).rejects.toBe(busy);
  });

  it('ends with a bug, and lets the backend go', async () => {
    const stage = new Stage();
    stage.outcomes.push(new TypeError('bug'));
    const running = stage.run();
    stage.tell([SYNC]);
    await expect(running).rejects.toThrow('bug');
    expect(stage.disposed).toBe(1);
  });

  it('ends while it waits for another agent to go', async () => {
    const stage = new Stage();
    const wait = ({ signal }: Opening): Promise<never> =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    const running = stage.run(undefined, wait);
    stage.tell([SYNC]);
    await vi.waitFor(() => expect(stage.opened).toBe(1), { timeout: 2000, interval: 1 });
    await end(stage, running);
    expect(stage.lines).toEqual([]);
  });

  it('ends without taking the node where nothing was listed', async () => {
    const stage = new Stage();
    await end(stage, stage.run());
    expect([stage.opened, stage.lines]).toEqual([0, []]);
  });
});
