import { existsSync } from 'node:fs';
import type { Logger } from 'pino';
import { BpfMap } from '../../sys/bpf-map.ts';
import { isBpffs } from '../../sys/mount.ts';
import { dumpNetwork } from '../../sys/netlink.ts';
import { withdrawBpffs } from './bpffs.ts';
import { Holder } from './holder.ts';
import { detachOwnFilter } from './hooks/clsact-filters.ts';
import { DEVICE_HOOKS } from './hooks/device-attachment.ts';
import { removeLink } from './hooks/pinned-link.ts';
import { listGenerations, listPins, type Pins, removePins } from './pins.ts';

export interface CleanupOptions {
  /** Folder of the pins, as given to the agent. */
  readonly bpffs: string;
  readonly log: Logger;
}

/**
 * Removes every trace of any run on this bpffs, whatever its layout: links, filters of this network
 * namespace, pins, and the mount where the agent made it. Nothing there: nothing happens. Rejects with
 * SysError EBUSY while an agent holds the node.
 */
export async function cleanupBpf({ bpffs, log }: CleanupOptions): Promise<void> {
  if (!existsSync(bpffs) || !isBpffs(bpffs)) {
    log.info({ bpffs }, 'nothing to clean up');
    return;
  }
  {
    using _holder = await Holder.take({
      bpffs,
      standby: false,
      signal: new AbortController().signal,
      onWait: () => undefined,
    });
    for (const generation of listGenerations(bpffs)) removeGeneration(generation, log);
  }
  const unmounted = withdrawBpffs(bpffs);
  if (unmounted !== undefined) log.info({ bpffs: unmounted }, 'bpffs unmounted');
}

/** Hooks first: a program without its maps would go on deciding. */
function removeGeneration(pins: Pins, log: Logger): void {
  const links = listPins(pins).links.filter(removeLink).length;
  const mapIds = pinnedMapIds(pins);
  for (const ifindex of dumpNetwork().devices.keys()) {
    for (const hook of DEVICE_HOOKS) detachOwnFilter(ifindex, hook, mapIds);
  }
  removePins(pins);
  log.info({ generation: pins.generation, links, maps: mapIds.size }, 'dataplane removed');
}

function pinnedMapIds(pins: Pins): ReadonlySet<number> {
  const ids = new Set<number>();
  for (const path of listPins(pins).maps) {
    using map = BpfMap.openPinned(path);
    if (map !== undefined) ids.add(map.id);
  }
  return ids;
}
