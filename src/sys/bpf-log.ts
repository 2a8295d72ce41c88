import { setPrint } from './ffi/print-callback.ts';

export type BpfLogLevel = 'warn' | 'info' | 'debug';
export type BpfLogSink = (level: BpfLogLevel, text: string) => void;

const LEVELS = ['warn', 'info', 'debug'] as const;

let current: { readonly sink: BpfLogSink; readonly level: number } | undefined;

/** Sends libbpf's own messages down to `level` to `sink`, without ending newline; undefined silences them. Silent at first. */
export function setBpfLog(sink: BpfLogSink | undefined, level: BpfLogLevel = 'info'): void {
  current = sink === undefined ? undefined : { sink, level: LEVELS.indexOf(level) };
  apply();
}

/** Runs `work` with libbpf's warnings going to `lines` instead: they belong into the error that follows. */
export function captureBpfLog<T>(lines: string[], work: () => T): T {
  setPrint(0, (_, text) => lines.push(text));
  try {
    return work();
  } finally {
    apply();
  }
}

function apply(): void {
  const log = current;
  setPrint(log?.level ?? 0, log === undefined ? undefined : (level, text) => log.sink(LEVELS[level] ?? 'debug', text));
}
