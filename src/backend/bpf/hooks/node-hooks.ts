import type { Logger } from 'pino';
import { SysError } from '../../../errors.ts';
import type { Ip } from '../../../model/ip.ts';
import type { BpfObject } from '../../../sys/bpf-object.ts';
import { type ConfigWords, configWords } from '../config-words.ts';
import type { Features } from '../features.ts';
import type { Pins } from '../pins.ts';
import { clsactFilters } from './clsact-filters.ts';
import { DeviceHooks } from './device-hooks.ts';
import { assignRoles } from './devices.ts';
import { edgeAttacher } from './edge-attacher.ts';
import { learnNodeNetns } from './node-netns.ts';
import { NodeNetwork } from './node-network.ts';
import { attachSocketHooks, detachSocketHooks } from './socket-hooks.ts';

export interface NodeHooksOptions {
  readonly object: BpfObject;
  readonly pins: Pins;
  readonly features: Features;
  /** undefined: no socket hooks. */
  readonly cgroup: string | undefined;
  readonly uplinks: readonly string[];
  readonly podDevices: readonly string[];
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The node's addresses are others now. */
  readonly onAddresses: () => void;
}

/** Everything that makes programs run: at the cgroup for sockets, at devices as they come and go. */
export class NodeHooks {
  readonly #options: NodeHooksOptions;
  readonly #words: ConfigWords;
  readonly #network: NodeNetwork;
  readonly #devices: DeviceHooks;
  /** Of the Node object; undefined: not yet told, so nothing is attached. */
  #nodeAddresses: ReadonlySet<string> | undefined;
  #deviceAddresses: readonly Ip[];
  #socketProblem: string | undefined;
  #deviceProblem: string | undefined;
  /** All devices were, once. */
  #isSettled = false;
  #settling: Promise<void> = Promise.resolve();

  constructor(options: NodeHooksOptions) {
    const { object, pins, features, signal, log } = options;
    this.#options = options;
    this.#words = configWords(object.map('config'));
    this.#network = new NodeNetwork({ signal, log, onChange: () => this.#follow() });
    this.#deviceAddresses = this.#network.addresses;
    const attacher = features.tcx ? edgeAttacher(object, pins, log) : clsactFilters(object);
    this.#devices = new DeviceHooks(attacher, object.map('devices'), log);
  }

  /** Addresses of the node's devices. */
  get addresses(): readonly Ip[] {
    return this.#deviceAddresses;
  }

  /**
   * Attaches what is not attached; `isResync`: looks into the kernel instead of remembering. Resolves the first time once
   * that is done, and rejects where it can't be; later at once: no change waits for a device.
   */
  async settle(nodeAddresses: ReadonlySet<string>, isResync: boolean): Promise<void> {
    const isFirst = this.#nodeAddresses === undefined;
    this.#nodeAddresses = nodeAddresses;
    if (isFirst || isResync) {
      this.#settleSockets();
      this.#network.follow();
    }
    if (this.#isSettled) this.#settleDevicesLater(isResync);
    else await this.#settleDevices(isResync);
  }

  /** After the signal was aborted: until nothing happens any more. */
  async ended(): Promise<void> {
    await this.#network.ended();
    await this.#settling;
  }

  #follow(): void {
    this.#settleDevicesLater(false);
    const addresses = this.#network.addresses;
    if (addresses.join() === this.#deviceAddresses.join()) return;
    this.#deviceAddresses = addresses;
    this.#options.onAddresses();
  }

  /** What the kernel refuses is told once; the next change of the network, the next sync and the resync try again. */
  #settleDevicesLater(isResync: boolean): void {
    this.#settleDevices(isResync).catch((error: unknown) => {
      if (!(error instanceof SysError)) throw error;
      if (this.#deviceProblem !== error.message)
        this.#options.log.error({ reason: error.message }, 'devices not settled, trying again');
      this.#deviceProblem = error.message;
    });
  }

  /** One after the other, each by the network of its turn: a device takes the kernel 40 ms. */
  #settleDevices(isResync: boolean): Promise<void> {
    const settled = this.#settling.then(() => this.#settleDevicesNow(isResync));
    this.#settling = settled.catch(() => undefined); // whoever asked hears of it
    return settled;
  }

  async #settleDevicesNow(isResync: boolean): Promise<void> {
    if (this.#nodeAddresses === undefined || this.#options.signal.aborted) return;
    const { uplinks, podDevices, log } = this.#options;
    const roles = assignRoles(this.#network.current, { nodeAddresses: this.#nodeAddresses, uplinks, podDevices });
    const changed = await (isResync ? this.#devices.verify(roles) : this.#devices.apply(roles));
    if (changed > 0) log.info({ changed, devices: roles.size }, 'devices settled');
    this.#isSettled = true;
    this.#deviceProblem = undefined;
  }

  /** Another tool may hold the cgroup for itself: the packet path works without these hooks. */
  #settleSockets(): void {
    const { object, pins, cgroup, log } = this.#options;
    if (cgroup === undefined) {
      if (detachSocketHooks(pins) > 0) log.info('socket hooks detached');
      return;
    }
    try {
      const changed = attachSocketHooks({ object, pins, cgroup });
      if (changed > 0) log.info({ changed, cgroup }, 'socket hooks attached');
      if (!learnNodeNetns(this.#words, cgroup))
        log.warn('network namespace of the node not learnt, trying again at next resync');
      this.#socketProblem = undefined;
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      if (this.#socketProblem !== error.message)
        log.error({ reason: error.message }, 'sockets are not balanced, packets are');
      this.#socketProblem = error.message;
    }
  }
}
