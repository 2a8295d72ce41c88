import type { Logger } from 'pino';

export interface CleanupOptions {
  /** Folder of the pins, as given to the agent. */
  readonly bpffs: string;
  readonly log: Logger;
}

/**
 * Removes every trace of any run on this bpffs: hooks, filters, pins, and the mount where the agent made
 * it. Nothing there: nothing happens. Rejects with SysError EBUSY while an agent holds the node.
 */
export function cleanupBpf(_options: CleanupOptions): Promise<void> {
  throw new Error('not there yet');
}
