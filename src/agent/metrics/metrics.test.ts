import { expect, test } from 'vitest';
import { createCounter, createGauge, createHistogram } from './metric.ts';
import { formatMetrics } from './text-format.ts';

test('counters and gauges in the text format', () => {
  const asked = createCounter('asked_total', 'Questions.');
  asked.add(1, { code: '200', path: 'a "b"\\\n' });
  asked.add(2, { code: '200', path: 'a "b"\\\n' });
  asked.add(1, { code: '503' });
  const metrics = [
    asked,
    createCounter('zero_total', 'Nothing yet.', {}),
    createGauge('level', 'A level.', () => 1.5),
    createGauge('unknown', 'Not known yet.', () => undefined),
  ];
  expect(formatMetrics(metrics).split('\n')).toEqual([
    '# HELP asked_total Questions.',
    '# TYPE asked_total counter',
    String.raw`asked_total{code="200",path="a \"b\"\\\n"} 3`,
    'asked_total{code="503"} 1',
    '# HELP zero_total Nothing yet.',
    '# TYPE zero_total counter',
    'zero_total 0',
    '# HELP level A level.',
    '# TYPE level gauge',
    'level 1.5',
    '',
  ]);
});

test('buckets of a histogram are cumulative and hold their bound', () => {
  const took = createHistogram('took_seconds', 'Durations.', [0.1, 1]);
  for (const value of [0.1, 0.5, 2]) took.observe(value, { family: 'IPv4' });
  expect(formatMetrics([took]).split('\n')).toEqual([
    '# HELP took_seconds Durations.',
    '# TYPE took_seconds histogram',
    'took_seconds_bucket{family="IPv4",le="0.1"} 1',
    'took_seconds_bucket{family="IPv4",le="1"} 2',
    'took_seconds_bucket{family="IPv4",le="+Inf"} 3',
    'took_seconds_sum{family="IPv4"} 2.6',
    'took_seconds_count{family="IPv4"} 3',
    '',
  ]);
});
