import type { Labels, Metric } from './metric.ts';

export const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8';

/** Prometheus' text exposition format. A metric without samples is left out. */
export function formatMetrics(metrics: Iterable<Metric>): string {
  let text = '';
  for (const { name, help, type, samples } of metrics) {
    const lines = Array.from(
      samples(),
      ({ suffix, labels, value }) => `${name}${suffix}${formatLabels(labels)} ${formatValue(value)}\n`,
    );
    if (lines.length > 0) text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
  }
  return text;
}

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeValue(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}
