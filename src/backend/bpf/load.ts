import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LAYOUT_HASH, maps } from '../../abi/generated.ts';
import { hashObjectFile } from '../../abi/layout-hash.ts';
import { AbiMismatchError, ConfigError } from '../../errors.ts';
import { BpfMap } from '../../sys/bpf-map.ts';
import { type BpfObject, type ObjectOptions, openObjectAside } from '../../sys/bpf-object.ts';
import type { Features } from './features.ts';
import { listPins, mapPin, type Pins } from './pins.ts';

export interface LoadOptions {
  readonly features: Features;
  /** Rows of new maps, where not as built in. */
  readonly maxEntries?: ReadonlyMap<string, number>;
  /** Work to do while the kernel checks the programs. */
  readonly meanwhile?: () => void;
}

/**
 * Loads this build's object on the pinned maps of earlier runs and pins the new ones. Rejects with AbiMismatchError:
 * the object file or a pinned map is of another shape than this code. VerifierError as openObject.
 */
export async function loadDataplane(pins: Pins, options: LoadOptions): Promise<BpfObject> {
  const { features, maxEntries = new Map(), meanwhile = () => undefined } = options;
  const file = objectFile();
  refuseStranger(file);
  const pinned = openPinnedMaps(pins);
  try {
    const rodata = new Map([['has_set_retval', Uint8Array.of(features.setRetval ? 1 : 0)]]);
    const object = await openOn(pins, { file, rodata, reuse: pinned, maxEntries, meanwhile });
    pinMaps(pins, object);
    return object;
  } finally {
    for (const map of pinned.values()) map[Symbol.dispose]();
  }
}

/** Pins the maps that have no pin: without them the next agent would start from nothing. Returns how many. */
export function pinMaps(pins: Pins, object: BpfObject): number {
  const unpinned = [...object.maps].filter(([name]) => isShared(name) && !existsSync(mapPin(pins, name)));
  for (const [name, map] of unpinned) map.pin(mapPin(pins, name));
  return unpinned.length;
}

/** Not memory that one set of programs alone works on: the layout's hash does not cover it. */
function isShared(name: string): boolean {
  return name in maps;
}

const OBJECT = join('dist', 'bpf', 'bpfsvc.bpf.o');

/** The package's object, from the sources as from the build. */
export function objectFile(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, OBJECT))) {
    const parent = dirname(folder);
    if (parent === folder) throw new ConfigError(`Cannot find "${OBJECT}": build it with scripts/build-bpf`);
    folder = parent;
  }
  return join(folder, OBJECT);
}

function refuseStranger(file: string): void {
  const found = hashObjectFile(readFileSync(file), (text) => createHash('sha256').update(text).digest('hex'));
  if (found === LAYOUT_HASH) return;
  throw new AbiMismatchError({
    target: file,
    wanted: LAYOUT_HASH,
    found,
    cure: 'programs and agent come from different builds: run scripts/build-bpf and scripts/gen-abi, or install the package anew',
  });
}

function openPinnedMaps(pins: Pins): ReadonlyMap<string, BpfMap> {
  const opened = new Map<string, BpfMap>();
  for (const path of listPins(pins).maps) {
    const map = BpfMap.openPinned(path);
    if (map !== undefined) opened.set(path.slice(pins.maps.length + 1), map);
  }
  return opened;
}

async function openOn(
  pins: Pins,
  { file, meanwhile, ...options }: ObjectOptions & { readonly file: string; readonly meanwhile: () => void },
): Promise<BpfObject> {
  try {
    return await openObjectAside(file, options, meanwhile);
  } catch (error) {
    if (!(error instanceof AbiMismatchError)) throw error;
    const { target, wanted, found } = error;
    const cure = `run "bpfsvc cleanup --bpffs ${pins.root}" to start anew, or keep the sizes it was made with`;
    throw new AbiMismatchError({ target: mapPin(pins, target), wanted, found, cure }, { cause: error });
  }
}
