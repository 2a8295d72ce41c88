import type { OutputFormat } from '../output.ts';

/** Pieces of a list that never lies whole in memory: `items` may be called any number of times, `end` once. */
export interface ListText<T> {
  items(chunk: readonly T[]): string;
  end(): string;
}

/** JSON and YAML hold an array; people get a line for each item, or `empty`. */
export function createListText<T>(format: OutputFormat, lineOf: (item: T) => string, empty: string): ListText<T> {
  let count = 0;
  const each = (chunk: readonly T[], write: (item: T) => string): string =>
    chunk
      .map((item) => {
        const text = write(item);
        count += 1;
        return text;
      })
      .join('');
  switch (format) {
    case 'json':
      return {
        items: (chunk) => each(chunk, (item) => `${count === 0 ? '[\n' : ',\n'}  ${JSON.stringify(item)}`),
        end: () => (count === 0 ? '[]\n' : '\n]\n'),
      };
    case 'yaml':
      // flow style within an item: JSON is YAML
      return {
        items: (chunk) => each(chunk, (item) => `- ${JSON.stringify(item)}\n`),
        end: () => (count === 0 ? '[]\n' : ''),
      };
    case 'table':
      return {
        items: (chunk) => each(chunk, (item) => `${lineOf(item)}\n`),
        end: () => (count === 0 ? `${empty}\n` : ''),
      };
  }
}
