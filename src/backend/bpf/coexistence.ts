import type { Logger } from 'pino';
import { ConfigFlag } from '../../abi/generated.ts';
import type { ConfigWords } from './config-words.ts';
import { findKubeProxyRules } from './kube-proxy-rules.ts';

/** While kube-proxy's rules stand on the node, what may be a connection of its making passes. */
export class Coexistence {
  readonly #words: ConfigWords;
  readonly #log: Logger;
  #round: Promise<void> | undefined;
  #coexists = false;

  constructor(words: ConfigWords, log: Logger) {
    this.#words = words;
    this.#log = log;
  }

  /** Looks, and tells the programs, unless the signal aborts; a look under way is the same look. Never rejects. */
  look(signal: AbortSignal): Promise<void> {
    this.#round ??= this.#look(signal).finally(() => {
      this.#round = undefined;
    });
    return this.#round;
  }

  /** After the signal was aborted: until the look under way is over. */
  async ended(): Promise<void> {
    await this.#round;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const rules = await findKubeProxyRules(signal);
    if (signal.aborted) return;
    const coexists = rules.length > 0;
    this.#words.setFlag(ConfigFlag.COEXIST, coexists);
    if (coexists === this.#coexists) return;
    this.#coexists = coexists;
    if (coexists) this.#log.info({ rules }, "kube-proxy's rules are on this node, connections that it may know pass");
    else this.#log.info("kube-proxy's rules are gone, connections that nobody knows are refused");
  }
}
