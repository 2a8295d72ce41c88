import { describe, expect, it } from 'vitest';
import { Config, ConfigFlag } from '../../abi/generated.ts';
import type { Ip } from '../../model/ip.ts';
import { configWords } from './config-words.ts';

/** A config row in memory, as the kernel shares it. */
function sharedRow() {
  const memory = new ArrayBuffer(Config.size);
  const view = new DataView(memory);
  const nobody = { ip: '::', mask: '::' };
  Config.encodeInto(view, 0, {
    nodeNetnsCookie: 11n,
    hashSeed: 13n,
    probeCookie: 12n,
    localCidrs: Array.from({ length: 8 }, () => ({ addr: nobody.ip as Ip, mask: nobody.mask as Ip })),
    nodeAddrV4: '::' as Ip,
    nodeAddrV6: '::' as Ip,
    flags: 0,
    renamed: 0,
    epoch: 7,
    nodeFlows: 0,
  });
  const read = () => Config.decodeFrom(view, 0);
  /** As a program does. */
  const mark = (kind: 'renamed' | 'nodeFlows') => Config.encodeInto(view, 0, { ...read(), [kind]: 1 });
  return { words: configWords({ mmap: () => memory }), read, mark };
}

describe('configWords', () => {
  it('lie where the codec has them', () => {
    const { words, read } = sharedRow();
    expect([words.nodeNetnsCookie, words.probeCookie, words.hashSeed]).toEqual([11n, 12n, 13n]);
    words.nodeNetnsCookie = 21n;
    words.probeCookie = 22n;
    words.hashSeed = 23n;
    words.advanceEpoch();
    const { nodeNetnsCookie, probeCookie, hashSeed, epoch } = read();
    expect([nodeNetnsCookie, probeCookie, hashSeed, epoch]).toEqual([21n, 22n, 23n, 8]);
  });

  it('sets and clears one flag beside others', () => {
    const { words, read } = sharedRow();
    words.setFlag(ConfigFlag.COEXIST | ConfigFlag.DETECTOR, true);
    words.setFlag(ConfigFlag.COEXIST, false);
    expect(read().flags).toBe(ConfigFlag.DETECTOR);
    words.setFlag(ConfigFlag.COEXIST, true);
    expect(read().flags).toBe(ConfigFlag.DETECTOR | ConfigFlag.COEXIST);
  });

  describe.each(['renamed', 'nodeFlows'] as const)('%s', (kind) => {
    it('is forgotten when a round met none', () => {
      const { words, read, mark } = sharedRow();
      mark(kind);
      words[kind].ask();
      expect([read()[kind] !== 0, words[kind].mayExist]).toEqual([true, true]);
      words[kind].forget();
      expect([read()[kind], words[kind].mayExist]).toEqual([0, false]);
    });

    it('is remembered when a program made one during the round', () => {
      const { words, read, mark } = sharedRow();
      mark(kind);
      words[kind].ask();
      mark(kind);
      words[kind].forget();
      expect(read()[kind]).toBe(1);
    });

    it('is not invented', () => {
      const { words, read } = sharedRow();
      words[kind].ask();
      expect(read()[kind]).toBe(0);
    });
  });
});
