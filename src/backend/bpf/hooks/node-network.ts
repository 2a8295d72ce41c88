import type { Logger } from 'pino';
import { SysError } from '../../../errors.ts';
import { type Ip, parseIp } from '../../../model/ip.ts';
import { dumpNetwork, type Network, watchNetwork } from '../../../sys/netlink.ts';

export interface NodeNetworkOptions {
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Called when the watch begins and after each change. */
  readonly onChange: () => void;
}

/** Devices, addresses and routes of the node, kept current by the kernel's events. */
export class NodeNetwork {
  readonly #options: NodeNetworkOptions;
  #current: Network = dumpNetwork();
  #watch: Promise<void> | undefined;

  constructor(options: NodeNetworkOptions) {
    this.#options = options;
  }

  get current(): Network {
    return this.#current;
  }

  /** Of all devices, each once, sorted. */
  get addresses(): readonly Ip[] {
    const addresses = new Set<Ip>();
    for (const device of this.#current.devices.values()) {
      for (const text of device.addresses) {
        const parsed = parseIp(text);
        if (parsed.ok) addresses.add(parsed.value);
      }
    }
    return [...addresses].sort();
  }

  /** Starts to watch, also again after a failure; the resync calls it each time. */
  follow(): void {
    this.#watch ??= this.#follow().finally(() => {
      this.#watch = undefined;
    });
  }

  /** After the signal was aborted: until the watch has let go. */
  async ended(): Promise<void> {
    await this.#watch;
  }

  async #follow(): Promise<void> {
    const { signal, log, onChange } = this.#options;
    try {
      for await (const network of watchNetwork({ signal })) {
        this.#current = network;
        onChange();
      }
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      log.warn({ reason: error.message }, 'network watch failed, retrying at next resync');
    }
  }
}
