import { Config } from '../../abi/generated.ts';
import { MapFlag } from '../../sys/bpf-constants.ts';
import type { BpfMap } from '../../sys/bpf-map.ts';
import type { BpfObject } from '../../sys/bpf-object.ts';

/** What the agent alone writes; config in part. */
const OWN_MAPS = ['vips', 'frontends', 'services', 'slots', 'backends', 'members', 'service_names', 'source_ranges'];
/** Words of the config row between those that programs write: local_cidrs up to flags. */
const CONFIG_START = 16 / 4;
const CONFIG_END = (Config.size - 4) / 4;

/**
 * A number that tells whether anybody changed the agent's maps since it was last taken: a resync of an
 * idle node then costs milliseconds, not a full comparison. Equal rows in another order may differ.
 */
export function fingerprint(object: BpfObject): number {
  const config = new Uint32Array(object.map('config').mmap());
  let hash = mix(0, config.subarray(CONFIG_START, CONFIG_END));
  for (const name of OWN_MAPS) hash = fingerprintMap(hash, object.map(name));
  return hash;
}

function fingerprintMap(start: number, map: BpfMap): number {
  if (map.flags & MapFlag.mmapable) return mix(start, new Uint32Array(map.mmap()));
  let hash = start;
  for (const { keys, values, count } of map.chunks()) {
    hash = mix(hash, wordsOf(keys.subarray(0, count * map.keySize)));
    hash = mix(hash, wordsOf(values.subarray(0, count * map.rowSize)));
  }
  return hash;
}

/** Every struct of the ABI is made of whole words. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

function mix(start: number, words: Uint32Array): number {
  let hash = start;
  for (let index = 0; index < words.length; index += 1) {
    hash = Math.imul(hash ^ (words[index] ?? 0), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}
