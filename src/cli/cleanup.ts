import { Command } from 'commander';
import type { Level } from 'pino';
import { DEFAULT_BPFFS } from '../config.ts';
import type { Context } from './context.ts';
import { addFlags, givenValues } from './flags.ts';

const EXAMPLES = `
Examples:
  bpfsvc cleanup
  bpfsvc cleanup --bpffs /run/lab/bpffs
`;

export function cleanupCommand(_context: Context): Command {
  const command = new Command('cleanup').description(
    'Remove every trace of this and any earlier run: programs, links, pins; needs no API',
  );
  return addFlags(command, 'cleanup')
    .addHelpText('after', EXAMPLES)
    .action(async () => {
      const values = givenValues(command);
      const { createLogger } = await import('../log.ts');
      const { cleanupBpf } = await import('../backend/bpf/cleanup.ts');
      const log = await createLogger((values.get('log-level') ?? 'info') as Level); // one of its choices
      await cleanupBpf({ bpffs: String(values.get('bpffs') ?? DEFAULT_BPFFS), log });
    });
}
