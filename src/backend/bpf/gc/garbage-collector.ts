import type { Logger } from 'pino';
import { SysError } from '../../../errors.ts';
import type { BpfObject } from '../../../sys/bpf-object.ts';
import { type ConfigWords, configWords } from '../config-words.ts';
import type { ImageKeeper } from '../image-keeper.ts';
import { collect } from './collect.ts';

export interface GarbageCollectorOptions {
  readonly object: BpfObject;
  readonly keeper: ImageKeeper;
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** What the maps hold is not known any more. */
  readonly requestSync: () => void;
}

const INTERVAL_MS = 30_000;
/** After the grace period, so that it is over. */
const RETIRE_SLACK_MS = 100;

/** What nobody waits for: rows that are over, and what the image gave up a while ago. */
export class GarbageCollector {
  readonly #options: GarbageCollectorOptions;
  readonly #words: ConfigWords;
  readonly #interval: NodeJS.Timeout;
  #retiring: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;

  constructor(options: GarbageCollectorOptions) {
    this.#options = options;
    this.#words = configWords(options.object.map('config'));
    this.#interval = setInterval(() => {
      this.#round ??= this.#collect().finally(() => {
        this.#round = undefined;
      });
    }, INTERVAL_MS);
    options.signal.addEventListener('abort', () => {
      clearInterval(this.#interval);
      clearTimeout(this.#retiring);
    });
  }

  /** Something was given up just now. */
  retireLater(): void {
    this.#retiring ??= setTimeout(() => {
      this.#retiring = undefined;
      this.#attempt(() => this.#options.keeper.retire());
    }, this.#options.keeper.graceMs + RETIRE_SLACK_MS);
  }

  /** After the signal was aborted: until the round under way is over. */
  async ended(): Promise<void> {
    await this.#round;
  }

  async #collect(): Promise<void> {
    const { object, keeper, log } = this.#options;
    const asked = keeper.draining;
    try {
      const { affinitiesDeleted, dialled } = await collect(object, this.#words, new Set(asked.keys()));
      log.debug({ affinitiesDeleted }, 'garbage collected');
      this.#attempt(() => keeper.forgetVips(asked, dialled));
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      log.warn({ reason: error.message }, 'collection failed, trying again next time');
    }
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      this.#options.log.warn({ reason: error.message }, 'maps not tidied, comparing them');
      this.#options.requestSync();
    }
  }
}
