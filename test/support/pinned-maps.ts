import { loadConfig, storeConfig } from '../../src/backend/bpf/image/config-row.ts';
import type { KernelMaps } from '../../src/backend/bpf/kernel-maps.ts';
import { mapPin, pinsOf } from '../../src/backend/bpf/pins.ts';
import type { ConfigRow } from '../../src/backend/bpf/write.ts';
import { BpfMap } from '../../src/sys/bpf-map.ts';
import { pinFolder } from './agent.ts';
import type { Lab } from './lab.ts';

const ARRAYS = ['services', 'slots', 'backends'] as const;
const HASHES = ['vips', 'frontends', 'members', 'service_names', 'source_ranges'] as const;

/** What the agent has written, byte by byte. */
export interface Snapshot {
  readonly arrays: ReadonlyMap<string, Uint8Array>;
  readonly hashes: ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;
  readonly config: ConfigRow;
}

/** The maps that an agent has pinned on a lab's node, as this process opens them. */
export class PinnedMaps implements Disposable {
  readonly kernel: KernelMaps;
  readonly #maps: ReadonlyMap<string, BpfMap>;

  private constructor(maps: ReadonlyMap<string, BpfMap>) {
    this.#maps = maps;
    this.kernel = {
      services: this.map('services'),
      slots: this.map('slots'),
      backends: this.map('backends'),
      config: this.map('config'),
      vips: this.map('vips'),
      frontends: this.map('frontends'),
      members: this.map('members'),
      service_names: this.map('service_names'),
      source_ranges: this.map('source_ranges'),
      service_counters: this.map('service_counters'),
      backend_counters: this.map('backend_counters'),
    };
  }

  static open(lab: Lab): PinnedMaps {
    const pins = pinsOf(pinFolder(lab));
    const names = [...ARRAYS, ...HASHES, 'config', 'devices', 'service_counters', 'backend_counters'];
    const maps = names.map((name) => [name, openMap(mapPin(pins, name))] as const);
    return new PinnedMaps(new Map(maps));
  }

  map(name: string): BpfMap {
    const map = this.#maps.get(name);
    if (map === undefined) throw new Error(`Cannot find map "${name}"`);
    return map;
  }

  snapshot(): Snapshot {
    const config = loadConfig(new Uint8Array(this.kernel.config.mmap()));
    if (config === undefined) throw new Error('Cannot take a snapshot: no agent has written map "config"');
    return {
      arrays: new Map(ARRAYS.map((name) => [name, new Uint8Array(this.map(name).mmap()).slice()])),
      hashes: new Map(HASHES.map((name) => [name, rowsOf(this.map(name))])),
      config,
    };
  }

  /** Touches only what differs. */
  restore({ arrays, hashes, config }: Snapshot): void {
    for (const [name, bytes] of arrays) new Uint8Array(this.map(name).mmap()).set(bytes);
    for (const [name, wanted] of hashes) {
      const map = this.map(name);
      const present = rowsOf(map);
      for (const key of present.keys()) if (!wanted.has(key)) map.delete(Buffer.from(key, 'hex'));
      for (const [key, value] of wanted) {
        const known = present.get(key);
        if (known === undefined || Buffer.compare(known, value) !== 0) map.update(Buffer.from(key, 'hex'), value);
      }
    }
    storeConfig(new Uint8Array(this.kernel.config.mmap()), config);
  }

  [Symbol.dispose](): void {
    for (const map of this.#maps.values()) map[Symbol.dispose]();
  }
}

function openMap(path: string): BpfMap {
  const map = BpfMap.openPinned(path);
  if (map === undefined) throw new Error(`Cannot open map "${path}": nothing is pinned there`);
  return map;
}

/** By key in hex. */
function rowsOf(map: BpfMap): ReadonlyMap<string, Uint8Array> {
  const rows = new Map<string, Uint8Array>();
  for (const { keys, values, count } of map.chunks()) {
    for (let row = 0; row < count; row += 1) {
      const key = keys.slice(row * map.keySize, (row + 1) * map.keySize);
      rows.set(Buffer.from(key).toString('hex'), values.slice(row * map.rowSize, (row + 1) * map.rowSize));
    }
  }
  return rows;
}
