import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { SysError } from '../../errors.ts';
import type { DataplaneState, NodeState, StateDelta } from '../../plan/state.ts';
import { setBpfLog } from '../../sys/bpf-log.ts';
import type { BpfObject } from '../../sys/bpf-object.ts';
import { findCgroup2 } from '../../sys/mount.ts';
import type { Support } from '../../sys/probe.ts';
import { missingRequirements } from '../../sys/requirements.ts';
import type { Backend, SyncReport } from '../backend.ts';
import { provideBpffs } from './bpffs.ts';
import { cleanupBpf } from './cleanup.ts';
import { Coexistence } from './coexistence.ts';
import { type ConfigWords, configWords } from './config-words.ts';
import { type Features, probeFeatures } from './features.ts';
import { GarbageCollector } from './gc/garbage-collector.ts';
import { Holder } from './holder.ts';
import { NodeHooks } from './hooks/node-hooks.ts';
import { ImageKeeper, type Wanted } from './image-keeper.ts';
import { loadDataplane, pinMaps } from './load.ts';
import { MapComparison } from './map-comparison.ts';
import { makeFolders, makePins, type Pins, refuseStranger } from './pins.ts';

export interface BpfBackendOptions {
  /** Folder of the pins; a bpffs is mounted there where none is. */
  readonly bpffs: string;
  /** cgroup v2 directory for the socket hooks; undefined: the root of the mounted cgroup2. */
  readonly cgroup: string | undefined;
  readonly socketHooks: boolean;
  /** Name patterns ("eth*"); empty: detected. */
  readonly uplinks: readonly string[];
  readonly podDevices: readonly string[];
  readonly nodeName: string;
  /** Pod the agent runs in; '' outside of one. */
  readonly podName: string;
  /** Wait while another agent holds the node; otherwise that is an error. */
  readonly standby: boolean;
  /** Called once where it waits for that. */
  readonly onStandby: () => void;
  /** Ends a wait of standby. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Rows of new maps where not as built in, by map. */
  readonly maxEntries?: ReadonlyMap<string, number>;
  /**
   * Called when the network changed in a way that concerns the plan's lowering (an address of the
   * node came or went) or a repair is due: call sync() soon, also with an empty delta.
   */
  readonly requestSync: () => void;
  /** Called once at most: work that may be done while the kernel checks the programs. */
  readonly meanwhile: () => void;
}

/**
 * Takes the node: mounts, locks, loads. Rejects with SysError EBUSY naming the holder where another
 * agent has it, AbiMismatchError where pins of another layout are in the way. A sync() with an empty
 * delta is the resync: it compares the kernel with the last state and repairs. Dispose leaves the
 * dataplane working.
 */
export async function createBpfBackend(options: BpfBackendOptions): Promise<Backend> {
  const { bpffs, standby, onStandby, signal, log } = options;
  refuseUnfit();
  setBpfLog((level, text) => log[level]({ text }, 'libbpf says'), 'warn');
  const mounted = await provideBpffs(bpffs);
  if (mounted !== undefined) log.info({ bpffs: mounted }, 'bpffs mounted');
  refuseStranger(bpffs); // whoever can't take over must not look as if it could
  const onWait = (holder: string): void => {
    log.info({ holder }, 'another agent holds the node, waiting');
    onStandby();
  };
  const holder = await Holder.take({ bpffs, standby, signal, onWait });
  try {
    const pins = makePins(bpffs);
    const { features, doubts } = probeFeatures();
    for (const reason of doubts) log.warn({ reason }, 'feature not used');
    const { maxEntries, meanwhile } = options;
    const object = await loadDataplane(pins, { features, meanwhile, ...(maxEntries && { maxEntries }) });
    log.info({ ...features, generation: pins.generation }, 'programs loaded');
    const agent = { pid: process.pid, startedMs: BigInt(Date.now()), node: options.nodeName, pod: options.podName };
    holder.sign(object.map('agent'), agent);
    const words = configWords(object.map('config'));
    prepareConntrack(words);
    const coexistence = new Coexistence(words, log);
    await coexistence.look(signal); // before a program may refuse what is not ours
    return new BpfBackend(options, { holder, object, pins, features, coexistence });
  } catch (error) {
    holder[Symbol.dispose]();
    throw error;
  }
}

/** Flows of an earlier agent keep their hashes; a member that went just before its end is asked for again. */
function prepareConntrack(words: ConfigWords): void {
  if (words.hashSeed === 0n) words.hashSeed = randomBytes(8).readBigUInt64LE() | 1n;
  words.advanceEpoch();
}

/** All at once: who mends one thing should not meet the next. */
function refuseUnfit(): void {
  const missing = missingRequirements();
  if (missing.length === 0) return;
  const cure = missing.join('; ');
  throw new SysError({ operation: 'run backend', target: 'bpf', errno: 95, code: 'EOPNOTSUPP', cure });
}

/** What the backend owns from its start on. */
interface Held {
  readonly holder: Holder;
  readonly object: BpfObject;
  readonly pins: Pins;
  readonly features: Features;
  readonly coexistence: Coexistence;
}

class BpfBackend implements Backend {
  readonly name = 'bpf';
  readonly #options: BpfBackendOptions;
  readonly #held: Held;
  readonly #keeper: ImageKeeper;
  readonly #hooks: NodeHooks;
  readonly #collector: GarbageCollector;
  readonly #comparison: MapComparison;
  /** The maps are not as we left them. */
  #differs = false;
  readonly #stop = new AbortController();

  constructor(options: BpfBackendOptions, held: Held) {
    const { log, requestSync } = options;
    const signal = this.#stop.signal;
    this.#options = options;
    this.#held = held;
    this.#keeper = new ImageKeeper(held.object, () => performance.now());
    const cgroup = options.socketHooks ? (options.cgroup ?? findCgroup2()) : undefined;
    this.#hooks = new NodeHooks({ ...held, ...options, cgroup, signal, onAddresses: requestSync });
    this.#collector = new GarbageCollector({ object: held.object, keeper: this.#keeper, signal, log, requestSync });
    const onDifference = () => {
      this.#differs = true;
      requestSync();
    };
    this.#comparison = new MapComparison({ keeper: this.#keeper, signal, log, onDifference });
  }

  async probe(): Promise<Support> {
    const [missing] = missingRequirements();
    return missing === undefined ? { kind: 'supported' } : { kind: 'unsupported', need: missing, have: 'this machine' };
  }

  async sync(state: DataplaneState, delta: StateDelta): Promise<SyncReport> {
    const started = performance.now();
    const isResync = delta.updated.size === 0 && delta.removed.size === 0 && delta.node === undefined;
    if (isResync) {
      this.#repairPins();
      void this.#held.coexistence.look(this.#stop.signal); // never rejects, and no sync waits for it
    }
    const writes = this.#write({ state, delta, environment: { deviceAddresses: this.#hooks.addresses } }, isResync);
    await this.#attach(state.node, isResync);
    if (writes > 0) this.#collector.retireLater();
    const { frontends, backends, refused } = this.#keeper;
    return { writes, frontends, backends, refused, tookMs: Math.round(performance.now() - started) };
  }

  async cleanup(): Promise<void> {
    await this[Symbol.asyncDispose]();
    await cleanupBpf(this.#options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all([
      this.#hooks.ended(),
      this.#collector.ended(),
      this.#comparison.ended(),
      this.#held.coexistence.ended(),
    ]);
    this.#held.object[Symbol.dispose]();
    this.#held.holder[Symbol.dispose]();
  }

  #write(wanted: Wanted, isResync: boolean): number {
    if (!isResync) return this.#keeper.sync(wanted);
    if (!this.#differs) {
      this.#comparison.start();
      return this.#keeper.sync(wanted);
    }
    const writes = this.#keeper.repair(wanted);
    this.#differs = false;
    return writes;
  }

  #repairPins(): void {
    const { pins, object } = this.#held;
    makeFolders(pins);
    const count = pinMaps(pins, object);
    if (count > 0) this.#options.log.info({ maps: count }, 'maps pinned again');
  }

  /** Only once the maps are filled: a program that finds nothing lets pass what is to be refused. */
  #attach(node: NodeState, isResync: boolean): Promise<void> {
    return this.#hooks.settle(new Set(node.addresses), isResync);
  }
}
