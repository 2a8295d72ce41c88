import { Command } from 'commander';
import type { Context } from './context.ts';
import { addFlags, givenValues, ignoredFlagsHelp } from './flags.ts';

const EXAMPLES = `
Examples:
  bpfsvc run --manifests /etc/bpfsvc --hostname-override node-a --cluster-cidr 10.244.0.0/16
  bpfsvc run --kubeconfig /etc/kubernetes/proxy.conf --api-server https://192.0.2.1:6443
  bpfsvc run --manifests ./lab --bpffs /run/lab/bpffs --cgroup /sys/fs/cgroup/lab

SIGTERM and SIGINT end it and leave the dataplane working; "bpfsvc cleanup" removes it.
`;

export function runCommand(context: Context): Command {
  const command = new Command('run').description('Run the agent: keep the Service dataplane of this node in force');
  return addFlags(command, 'run')
    .addHelpText('after', ignoredFlagsHelp('run') + EXAMPLES)
    .action(async () => {
      const { startAgent } = await import('./start-agent.ts');
      await startAgent(givenValues(command), context);
    });
}
