import type { OutputFormat } from './output.ts';

/** What every `dump` command gets; each module exports one `dumpX(options, context): Promise<void>`. */
export interface DumpOptions {
  /** Folder of the pins, as given to the agent. */
  readonly bpffs: string;
  readonly output: OutputFormat;
}

export interface DumpMapsOptions extends DumpOptions {
  /** Empty: all. An unknown name is a ConfigError that lists those there are. */
  readonly names: readonly string[];
  /** Per-CPU values apart, not as a sum. */
  readonly perCpu: boolean;
}
