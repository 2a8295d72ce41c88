import type { Pointer } from './driver.ts';
import { driver, libbpf, libc } from './library.ts';

/** libbpf's levels: 0 warn, 1 info, 2 debug. The text has no ending newline. */
export type PrintSink = (level: number, text: string) => void;

const LINE_BYTES = 16_384;
const line = Buffer.alloc(LINE_BYTES);

let installed: Pointer | undefined;
let maxLevel = -1;
let sink: PrintSink | undefined;

/** Messages above `level` are dropped before they are formatted; undefined drops all. */
export function setPrint(level: number, next: PrintSink | undefined): void {
  maxLevel = next === undefined ? -1 : level;
  sink = next;
  if (installed !== undefined) return;
  installed = driver().printCallback(print);
  libbpf().libbpf_set_print(installed);
}

/** Nothing is printed before the work is through: what libbpf prints in another thread would wait for this one. */
export async function withoutPrint<T>(work: () => Promise<T>): Promise<T> {
  libbpf().libbpf_set_print(undefined);
  try {
    return await work();
  } finally {
    installed ??= driver().printCallback(print);
    libbpf().libbpf_set_print(installed);
  }
}

function print(level: number, format: Pointer, list: Pointer): number {
  if (level > maxLevel || sink === undefined) return 0;
  const length = libc().vsnprintf(line, LINE_BYTES, format, list);
  sink(level, line.toString('utf8', 0, Math.min(length, LINE_BYTES - 1)).trimEnd());
  return length;
}
