import { Flow } from '../abi/generated.ts';
import { livingFlows } from '../backend/bpf/living-flows.ts';
import { monotonicNs } from '../sys/clock.ts';
import type { Context } from './context.ts';
import { formatFlow, viewFlow } from './dump/flow-view.ts';
import { createListText } from './dump/list-text.ts';
import { openPinnedMap } from './dump/pinned-maps.ts';
import { readServiceNames } from './dump/service-names.ts';
import type { DumpOptions } from './dump-options.ts';

/** Prints the flows of the pod edge that have not run out, chunk by chunk. */
export async function dumpConntrack({ bpffs, output }: DumpOptions, { print }: Context): Promise<void> {
  const context = { nowSec: Number(monotonicNs() / 1_000_000_000n), names: readServiceNames(bpffs) };
  const text = createListText(output, formatFlow, 'No flows');
  using map = openPinnedMap(bpffs, 'flows');
  for (const flows of livingFlows(map, context.nowSec)) {
    await print(text.items(flows.map(({ view, at }) => viewFlow(Flow.decodeFrom(view, at), context))));
  }
  await print(text.end());
}
