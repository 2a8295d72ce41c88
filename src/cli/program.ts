import { Command } from 'commander';
import { VERSION } from '../version.ts';
import { cleanupCommand } from './cleanup.ts';
import type { Context } from './context.ts';
import { dumpCommand } from './dump.ts';
import { planCommand } from './plan.ts';
import { runCommand } from './run.ts';

const EXAMPLES = `
Examples:
  bpfsvc plan --manifests ./lab --hostname-override node-a
  bpfsvc run --manifests /etc/bpfsvc
  bpfsvc dump services

Exit status: 0 done, 1 the operation failed, 2 the call or the configuration is wrong.
`;

/** The command line; usage errors throw CommanderError. */
export function createProgram(context: Context): Command {
  const program = new Command('bpfsvc')
    .description('eBPF-accelerated Kubernetes Service dataplane, in place of kube-proxy')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .addHelpText('after', EXAMPLES);
  for (const command of [runCommand(context), planCommand(context), dumpCommand(context), cleanupCommand(context)]) {
    program.addCommand(command);
  }
  return throwUsage(program);
}

/** Every level of commands throws, and points to its help. */
function throwUsage(command: Command): Command {
  command
    .exitOverride()
    .allowExcessArguments(false)
    .configureOutput({ outputError: (text, write) => write(`${text.trimEnd()} (see ${fullName(command)} --help)\n`) })
    .helpCommand(false);
  for (const child of command.commands) throwUsage(child);
  return command;
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}
