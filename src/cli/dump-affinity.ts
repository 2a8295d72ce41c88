import { maps } from '../abi/generated.ts';
import { formatAddress } from '../model/ip.ts';
import { monotonicNs } from '../sys/clock.ts';
import type { Context } from './context.ts';
import { type AffinityContext, formatAffinity, viewAffinity } from './dump/affinity-view.ts';
import { createListText } from './dump/list-text.ts';
import { decodeRows, openPinnedMap } from './dump/pinned-maps.ts';
import { readServiceNames } from './dump/service-names.ts';
import type { DumpOptions } from './dump-options.ts';

/** Prints which client keeps which backend, chunk by chunk. */
export async function dumpAffinity({ bpffs, output }: DumpOptions, { print }: Context): Promise<void> {
  using services = openPinnedMap(bpffs, 'services');
  using backends = openPinnedMap(bpffs, 'backends');
  using map = openPinnedMap(bpffs, 'affinities');
  const [serviceRow, backendRow] = [maps.services.value, maps.backends.value];
  const [serviceView, backendView] = [new DataView(services.mmap()), new DataView(backends.mmap())];
  const context: AffinityContext = {
    nowNs: monotonicNs(),
    names: readServiceNames(bpffs),
    affinitySeconds: (id) => serviceRow.decodeFrom(serviceView, id * serviceRow.size).affinitySec,
    backend(id) {
      const { addr, port } = backendRow.decodeFrom(backendView, id * backendRow.size);
      return formatAddress(addr, port);
    },
  };
  const text = createListText(output, formatAffinity, 'No affinities');
  for (const chunk of map.chunks()) {
    const views = decodeRows(chunk, map, maps.affinities).map(([key, row]) => viewAffinity(key, row, context));
    await print(text.items(views));
  }
  await print(text.end());
}
