import { Command, Option } from 'commander';
import { DEFAULT_BPFFS } from '../config.ts';
import type { Context } from './context.ts';
import type { DumpMapsOptions, DumpOptions } from './dump-options.ts';
import { addFlags, givenValues } from './flags.ts';
import { outputOption } from './output.ts';

export function dumpCommand(context: Context): Command {
  return new Command('dump')
    .description('Print what stands in the kernel, with or without an agent running')
    .addHelpText('after', '\nExample:\n  bpfsvc dump services\n')
    .addCommand(mapsCommand(context))
    .addCommand(
      viewCommand('services', 'Print frontends, policies, affinity, backends and their states', async (options) => {
        const { dumpServices } = await import('./dump-services.ts');
        await dumpServices(options, context);
      }),
    )
    .addCommand(
      viewCommand('conntrack', 'Print the flows that the packet path keeps', async (options) => {
        const { dumpConntrack } = await import('./dump-conntrack.ts');
        await dumpConntrack(options, context);
      }),
    )
    .addCommand(
      viewCommand('affinity', 'Print which clients keep to which backends', async (options) => {
        const { dumpAffinity } = await import('./dump-affinity.ts');
        await dumpAffinity(options, context);
      }),
    );
}

function mapsCommand(context: Context): Command {
  const command = new Command('maps')
    .description('Print the pinned maps, decoded')
    .argument('[NAME...]', 'names of maps; none: all')
    .addOption(new Option('--per-cpu', "also each CPU's values beside their sum"))
    .addOption(outputOption());
  return addFlags(command, 'dump')
    .addHelpText('after', '\nExample:\n  bpfsvc dump maps services backends -o json\n')
    .action(async (names: readonly string[], { output, perCpu = false }: Partial<DumpMapsOptions>) => {
      const { dumpMaps } = await import('./dump-maps.ts');
      await dumpMaps({ ...dumpOptions(command, output), names, perCpu }, context);
    });
}

function viewCommand(name: string, description: string, dump: (options: DumpOptions) => Promise<void>): Command {
  const command = new Command(name).description(description).addOption(outputOption());
  return addFlags(command, 'dump')
    .addHelpText('after', `\nExample:\n  bpfsvc dump ${name} -o json\n`)
    .action(({ output }: Partial<DumpOptions>) => dump(dumpOptions(command, output)));
}

function dumpOptions(command: Command, output: DumpOptions['output'] = 'table'): DumpOptions {
  return { bpffs: String(givenValues(command).get('bpffs') ?? DEFAULT_BPFFS), output };
}
