import { Option } from 'commander';

export type OutputFormat = 'table' | 'json' | 'yaml';

/** `-o, --output` of every reading command. */
export function outputOption(): Option {
  return new Option('-o, --output <FORMAT>', 'how to print').choices(['table', 'json', 'yaml']).default('table');
}

/** The text of `value`: a table for people, JSON or YAML for programs. */
export async function render<T>(value: T, format: OutputFormat, toTable: (value: T) => string): Promise<string> {
  switch (format) {
    case 'table':
      return toTable(value);
    case 'json':
      return `${JSON.stringify(value, undefined, 2)}\n`;
    case 'yaml': {
      const { dump } = await import('js-yaml');
      return dump(value, { noRefs: true, lineWidth: -1 });
    }
  }
}
