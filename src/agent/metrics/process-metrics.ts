import { readdirSync } from 'node:fs';
import { createGauge, createReading, type Metric } from './metric.ts';

/** What Prometheus' own clients tell of the process they are in. */
export function processMetrics(startedMs: number): readonly Metric[] {
  return [
    createReading(
      {
        name: 'process_cpu_seconds_total',
        help: 'Total user and system CPU time spent in seconds.',
        type: 'counter',
      },
      () => {
        const { user, system } = process.cpuUsage();
        return [[{}, (user + system) / 1e6]];
      },
    ),
    createGauge('process_resident_memory_bytes', 'Resident memory size in bytes.', () => process.memoryUsage.rss()),
    createGauge('process_open_fds', 'Number of open file descriptors.', () => readdirSync('/proc/self/fd').length),
    createGauge(
      'process_start_time_seconds',
      'Start time of the process since unix epoch in seconds.',
      () => startedMs / 1000,
    ),
  ];
}
