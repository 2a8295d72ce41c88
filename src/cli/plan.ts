import { Command, Option } from 'commander';
import type { Context } from './context.ts';
import { addFlags, givenValues, ignoredFlagsHelp } from './flags.ts';
import { type OutputFormat, outputOption } from './output.ts';

const EXAMPLES = `
Examples:
  bpfsvc plan --manifests ./lab --hostname-override node-a -o json
  bpfsvc plan --kubeconfig ~/.kube/config --hostname-override node-a
  bpfsvc plan --manifests ./lab --packet '10.0.0.2 172.30.0.41:80/tcp' --packet 'fd00::2 [fd00:30::41]:53/udp'
`;

interface PlanOptions {
  readonly output: OutputFormat;
  readonly packet: readonly string[];
}

export function planCommand(context: Context): Command {
  const command = new Command('plan')
    .description('Print the dataplane state that would be in force; needs no root and no kernel')
    .addOption(
      new Option('--packet <SRC DST:PORT/PROTO>', 'trace a new connection instead (repeatable)')
        .argParser((text: string, before: readonly string[]) => [...before, text])
        .default([], 'none'),
    )
    .addOption(outputOption());
  return addFlags(command, 'plan')
    .addHelpText('after', ignoredFlagsHelp('plan') + EXAMPLES)
    .action(async ({ output, packet }: PlanOptions) => {
      const { printPlan } = await import('./print-plan.ts');
      await printPlan({ given: givenValues(command), output, packets: packet }, context);
    });
}
