import { Config } from '../../abi/generated.ts';

/** Words of the one config row that are not the plan's alone; a test holds the offsets equal to the codec's. */
const OFFSETS = {
  nodeNetnsCookie: 0,
  hashSeed: 8,
  probeCookie: 16,
  flags: 312,
  renamed: 316,
  epoch: 320,
  nodeFlows: 324,
} as const;

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
  /** Flows of renamed direct connections. */
  readonly renamed: FlowHint;
  /** Flows whose client is the node. */
  readonly nodeFlows: FlowHint;
  /** Sets or clears ConfigFlag bits that are not the plan's. */
  setFlag(bits: number, isSet: boolean): void;
}

/** What a program says of conntrack when it makes a row of a rare kind, so that others need not look for such rows. */
export interface FlowHint {
  /** Such flows may exist. */
  readonly mayExist: boolean;
  /** Starts a round over conntrack: a program that makes such a flow from now on says so again. */
  ask(): void;
  /** No such flow was met since: forget, unless a program has made one meanwhile. */
  forget(): void;
}

const HINT = { none: 0, asked: 2 } as const;

export function configWords(config: { mmap(): ArrayBuffer }): ConfigWords {
  const memory = config.mmap();
  const wide = new BigUint64Array(memory, 0, Math.floor(Config.size / 8));
  const words = new Uint32Array(memory, 0, Config.size / 4);
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
    renamed: hintAt(words, OFFSETS.renamed),
    nodeFlows: hintAt(words, OFFSETS.nodeFlows),
    setFlag(bits, isSet) {
      if (isSet) Atomics.or(words, OFFSETS.flags / 4, bits);
      else Atomics.and(words, OFFSETS.flags / 4, ~bits);
    },
  };
}

function hintAt(words: Uint32Array, offset: number): FlowHint {
  const at = offset / 4;
  return {
    get mayExist() {
      return Atomics.load(words, at) !== HINT.none;
    },
    ask() {
      const known = Atomics.load(words, at);
      if (known !== HINT.none) Atomics.compareExchange(words, at, known, HINT.asked);
    },
    forget() {
      Atomics.compareExchange(words, at, HINT.asked, HINT.none);
    },
  };
}
