export type BpfLogLevel = 'warn' | 'info' | 'debug';

/** Sends libbpf's own messages (one line each, no ending newline) to `sink`; undefined silences them. Silent at first. */
export function setBpfLog(_sink: ((level: BpfLogLevel, text: string) => void) | undefined): void {
  throw new Error('not there yet');
}
