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
  setPrint(current?.level ?? 0, (level, text) => {
    if (level === 0) lines.push(text);
    else forward(level, text);
  });
  try {
    return work();
  } finally {
    apply();
  }
}

/** Passes on what was captured and turned out to be no error. */
export function releaseBpfLog(lines: readonly string[]): void {
  for (const text of lines) forward(0, text);
}

function apply(): void {
  setPrint(current?.level ?? 0, current === undefined ? undefined : forward);
}

function forward(level: number, text: string): void {
  current?.sink(LEVELS[level] ?? 'debug', text);
}
