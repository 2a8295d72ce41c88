import { maps } from '../abi/generated.ts';
import { monotonicNs } from '../sys/clock.ts';
import type { Context } from './context.ts';
import { formatFlow, viewFlow } from './dump/flow-view.ts';
import { createListText } from './dump/list-text.ts';
import { decodeRows, openPinnedMap } from './dump/pinned-maps.ts';
import { readServiceNames } from './dump/service-names.ts';
import type { DumpOptions } from './dump-options.ts';

/** Prints the flows of the pod edge, chunk by chunk: a row for each direction at each hook. */
export async function dumpConntrack({ bpffs, output }: DumpOptions, { print }: Context): Promise<void> {
  const flow = { nowNs: monotonicNs(), names: readServiceNames(bpffs) };
  const text = createListText(output, formatFlow, 'No flows');
  using map = openPinnedMap(bpffs, 'conntrack');
  for (const chunk of map.chunks()) {
    const views = decodeRows(chunk, map, maps.conntrack).map(([key, row]) => viewFlow(key, row, flow));
    await print(text.items(views));
  }
  await print(text.end());
}
