import type { Context } from './context.ts';
import { readServiceTables } from './dump/service-tables.ts';
import { formatServices } from './dump/services-text.ts';
import { viewServices } from './dump/services-view.ts';
import type { DumpOptions } from './dump-options.ts';
import { render } from './output.ts';

/** Prints what the kernel does for each service: what a person asks for when one doesn't work. */
export async function dumpServices({ bpffs, output }: DumpOptions, { print }: Context): Promise<void> {
  using tables = readServiceTables(bpffs);
  await print(await render(viewServices(tables), output, formatServices));
}
