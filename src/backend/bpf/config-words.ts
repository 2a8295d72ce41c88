import { Config } from '../../abi/generated.ts';

/** Words of the one config row that are not the plan's alone; a test holds the offsets equal to the codec's. */
const OFFSETS = { nodeNetnsCookie: 0, hashSeed: 8, probeCookie: 16, flags: 312, renamed: 316, epoch: 320 } as const;

/** The shared words of the config row, through its memory. */
export interface ConfigWords {
  /** 0n: not yet learnt. */
  nodeNetnsCookie: bigint;
  /** 0n: none. */
  probeCookie: bigint;
  /** Of conntrack's hashes; 0n: not chosen yet. It must not change while flows live. */
  hashSeed: bigint;
  /** Counts the times that members went: programs ask again whether a flow's backend is one. */
  advanceEpoch(): void;
  /** Flows of renamed direct connections may exist. */
  readonly hasRenamed: boolean;
  /** Sets or clears ConfigFlag bits that are not the plan's. */
  setFlag(bits: number, isSet: boolean): void;
  /** Starts a round over conntrack: a program that makes such a flow from now on says so again. */
  askRenamed(): void;
  /** No flow of them was met since askRenamed: forget, unless a program has made one meanwhile. */
  forgetRenamed(): void;
}

const RENAMED = { none: 0, asked: 2 } as const;

export function configWords(config: { mmap(): ArrayBuffer }): ConfigWords {
  const memory = config.mmap();
  const wide = new BigUint64Array(memory, 0, Math.floor(Config.size / 8));
  const words = new Uint32Array(memory, 0, Config.size / 4);
  const renamed = OFFSETS.renamed / 4;
  return {
    get nodeNetnsCookie() {
      return Atomics.load(wide, OFFSETS.nodeNetnsCookie / 8);
    },
    set nodeNetnsCookie(cookie) {
      Atomics.store(wide, OFFSETS.nodeNetnsCookie / 8, cookie);
    },
    get probeCookie() {
      return Atomics.load(wide, OFFSETS.probeCookie / 8);
    },
    set probeCookie(cookie) {
      Atomics.store(wide, OFFSETS.probeCookie / 8, cookie);
    },
    get hashSeed() {
      return Atomics.load(wide, OFFSETS.hashSeed / 8);
    },
    set hashSeed(seed) {
      Atomics.store(wide, OFFSETS.hashSeed / 8, seed);
    },
    advanceEpoch() {
      Atomics.add(words, OFFSETS.epoch / 4, 1);
    },
    get hasRenamed() {
      return Atomics.load(words, renamed) !== RENAMED.none;
    },
    setFlag(bits, isSet) {
      if (isSet) Atomics.or(words, OFFSETS.flags / 4, bits);
      else Atomics.and(words, OFFSETS.flags / 4, ~bits);
    },
    askRenamed() {
      const known = Atomics.load(words, renamed);
      if (known !== RENAMED.none) Atomics.compareExchange(words, renamed, known, RENAMED.asked);
    },
    forgetRenamed() {
      Atomics.compareExchange(words, renamed, RENAMED.asked, RENAMED.none);
    },
  };
}
