import type { Result } from './result.ts';

/** Columns for people; a missed limit is marked. */
export function formatTable(results: readonly Result[]): string {
  const rows = [['figure', 'value', 'limit', '', 'beside', 'runs'], ...results.map(rowOf)];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function rowOf({ name, unit, value, runs, limit, peer, note }: Result): string[] {
  const spread =
    runs.length > 1 ? `${round(Math.min(...runs))} to ${round(Math.max(...runs))}, ${runs.length} runs` : '';
  return [
    note === undefined ? name : `${name} (${note})`,
    `${round(value)} ${unit}`,
    limit === undefined ? '' : `${limit} ${unit}`,
    limit === undefined ? '' : value <= limit ? 'met' : 'MISSED',
    peer === undefined ? '' : `${peer.name} ${round(peer.value)} ${unit}`,
    spread,
  ];
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}
