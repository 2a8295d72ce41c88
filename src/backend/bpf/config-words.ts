import { Config } from '../../abi/generated.ts';
import type { BpfMap } from '../../sys/bpf-map.ts';

/** Words of the one config row that programs write too; a test holds the offsets equal to the codec's. */
const OFFSETS = { nodeNetnsCookie: 0, probeCookie: 8, renamed: 308 } as const;

/** The shared words of the config row, through its memory. */
export interface ConfigWords {
  /** 0n: not yet learnt. */
  nodeNetnsCookie: bigint;
  /** 0n: none. */
  probeCookie: bigint;
  /** Starts a round over conntrack: a program that makes such a row from now on says so again. */
  askRenamed(): void;
  /** No row was met since askRenamed: forget, unless a program has made one meanwhile. */
  forgetRenamed(): void;
}

const RENAMED = { none: 0, asked: 2 } as const;

export function configWords(config: Pick<BpfMap, 'mmap'>): ConfigWords {
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
    askRenamed() {
      const known = Atomics.load(words, renamed);
      if (known !== RENAMED.none) Atomics.compareExchange(words, renamed, known, RENAMED.asked);
    },
    forgetRenamed() {
      Atomics.compareExchange(words, renamed, RENAMED.asked, RENAMED.none);
    },
  };
}
