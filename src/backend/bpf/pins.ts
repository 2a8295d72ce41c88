import { existsSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { LAYOUT_HASH } from '../../abi/generated.ts';
import { AbiMismatchError } from '../../errors.ts';
import { makeFolder } from '../../sys/make-folder.ts';

/** Where one generation keeps its pins. A layout's folder is "v" and its hash. */
export interface Pins {
  /** The bpffs folder of the agent. */
  readonly root: string;
  readonly generation: string;
  readonly maps: string;
  readonly links: string;
}

const GENERATION = /^v[0-9a-f]+$/;
const DEVICE_LINK = /^([a-z0-9_]+)-(\d+)$/;

/** The pins of this build's layout below `root`. */
export function pinsOf(root: string, generation = `v${LAYOUT_HASH}`): Pins {
  const folder = join(root, generation);
  return { root, generation, maps: join(folder, 'maps'), links: join(folder, 'links') };
}

/** Every generation that has a folder, ours or not. */
export function listGenerations(root: string): readonly Pins[] {
  return list(root)
    .filter((name) => GENERATION.test(name))
    .map((name) => pinsOf(root, name));
}

/** Makes the folders of this generation; throws as refuseStranger. */
export function makePins(root: string): Pins {
  refuseStranger(root);
  const own = pinsOf(root);
  makeFolders(own);
  return own;
}

/**
 * Another generation than this build's throws AbiMismatchError: its programs still run, and nobody but the
 * build that made it can take over its flows.
 */
export function refuseStranger(root: string): void {
  const own = pinsOf(root);
  const stranger = listGenerations(root).find((each) => each.generation !== own.generation);
  if (stranger !== undefined) {
    throw new AbiMismatchError({
      target: join(root, stranger.generation),
      wanted: own.generation,
      found: stranger.generation,
      cure: `run "bpfsvc cleanup --bpffs ${root}" to remove it, or start the version that made it`,
    });
  }
}

/** Where somebody removed them, their pins come back into new ones. */
export function makeFolders({ maps, links }: Pins): void {
  makeFolder(maps);
  makeFolder(links);
}

export function mapPin(pins: Pins, map: string): string {
  return join(pins.maps, map);
}

/** A program's link: one per node for sockets, one per device for packets. */
export function linkPin(pins: Pins, program: string, ifindex?: number): string {
  return join(pins.links, ifindex === undefined ? program : `${program}-${ifindex}`);
}

/** A pinned link of a device, by its file's name. */
export interface DeviceLinkPin {
  readonly path: string;
  readonly program: string;
  readonly ifindex: number;
}

export function listDeviceLinks(pins: Pins): readonly DeviceLinkPin[] {
  return list(pins.links).flatMap((name) => {
    const [, program, ifindex] = DEVICE_LINK.exec(name) ?? [];
    return program === undefined ? [] : [{ path: join(pins.links, name), program, ifindex: Number(ifindex) }];
  });
}

/** Every pinned link and map of a generation. */
export function listPins(pins: Pins): { readonly links: readonly string[]; readonly maps: readonly string[] } {
  return {
    links: list(pins.links).map((name) => join(pins.links, name)),
    maps: list(pins.maps).map((name) => join(pins.maps, name)),
  };
}

/** Removes the pins and folders of a generation; links that nobody else holds leave their hooks with it. */
export function removePins(pins: Pins): void {
  const { links, maps } = listPins(pins);
  for (const path of [...links, ...maps]) unpin(path);
  for (const folder of [pins.links, pins.maps, join(pins.root, pins.generation)]) {
    if (existsSync(folder)) rmdirSync(folder);
  }
}

/** A missing pin is fine. */
export function unpin(path: string): void {
  if (existsSync(path)) unlinkSync(path);
}

function list(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}
