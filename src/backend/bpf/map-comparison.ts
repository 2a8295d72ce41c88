import { setImmediate as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { SysError } from '../../errors.ts';
import type { ImageKeeper } from './image-keeper.ts';

export interface MapComparisonOptions {
  readonly keeper: Pick<ImageKeeper, 'compare'>;
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Somebody else has written to the maps. */
  readonly onDifference: () => void;
}

/** The longest that it keeps the event loop: a change that comes meanwhile goes first. */
const SLICE_MS = 1;

/** Compares the maps with what was left in them, in slices. */
export class MapComparison {
  readonly #options: MapComparisonOptions;
  #round: Promise<void> | undefined;
  #isAskedAgain = false;

  constructor(options: MapComparisonOptions) {
    this.#options = options;
  }

  /** While a round is under way, another one follows: that one may have passed the place. */
  start(): void {
    this.#isAskedAgain = this.#round !== undefined;
    this.#round ??= this.#compare().finally(() => {
      this.#round = undefined;
      if (this.#isAskedAgain && !this.#options.signal.aborted) this.start();
    });
  }

  /** After the signal was aborted: until the round under way is over. */
  async ended(): Promise<void> {
    await this.#round;
  }

  async #compare(): Promise<void> {
    const { log, onDifference } = this.#options;
    try {
      if (!(await this.#isSame())) onDifference();
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      log.warn({ reason: error.message }, 'maps not compared, trying again at next resync');
    }
  }

  async #isSame(): Promise<boolean> {
    const { keeper, signal } = this.#options;
    const steps = keeper.compare();
    for (let end = performance.now() + SLICE_MS; !signal.aborted; ) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (performance.now() < end) continue;
      await pause();
      end = performance.now() + SLICE_MS;
    }
    return true;
  }
}
