export type Labels = Readonly<Record<string, string>>;

/** A line of the text format; `suffix` is added to the metric's name. */
export interface Sample {
  readonly suffix: '' | '_bucket' | '_sum' | '_count';
  readonly labels: Labels;
  readonly value: number;
}

/** What Prometheus scrapes; samples are read anew each time. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  samples(): Iterable<Sample>;
}

export interface Counter extends Metric {
  add(count: number, labels?: Labels): void;
}

export interface Histogram extends Metric {
  observe(value: number, labels?: Labels): void;
}

/** A counter without labels is there from the start, at 0; one with labels once it has counted. */
export function createCounter(name: string, help: string, ...initial: readonly Labels[]): Counter {
  const values = new Map<string, { readonly labels: Labels; value: number }>();
  const at = (labels: Labels) => {
    const key = JSON.stringify(labels);
    const found = values.get(key) ?? { labels, value: 0 };
    values.set(key, found);
    return found;
  };
  for (const labels of initial) at(labels);
  return {
    ...{ name, help, type: 'counter' },
    add(count, labels = {}) {
      at(labels).value += count;
    },
    *samples() {
      for (const { labels, value } of values.values()) yield { suffix: '', labels, value };
    },
  };
}

/** A value that is read when it is asked for; undefined: there is none yet. */
export function createGauge(name: string, help: string, read: () => number | undefined, labels: Labels = {}): Metric {
  return createReading({ name, help, type: 'gauge' }, () => {
    const value = read();
    return value === undefined ? [] : [[labels, value]];
  });
}

/** Values that somebody else keeps. */
export function createReading(
  head: Pick<Metric, 'name' | 'help' | 'type'>,
  read: () => Iterable<readonly [Labels, number]>,
): Metric {
  return {
    ...head,
    *samples() {
      for (const [labels, value] of read()) yield { suffix: '', labels, value };
    },
  };
}

/** `bounds` ascend; the one without bound is added. */
export function createHistogram(name: string, help: string, bounds: readonly number[]): Histogram {
  const series = new Map<string, { readonly labels: Labels; readonly counts: number[]; sum: number }>();
  return {
    ...{ name, help, type: 'histogram' },
    observe(value, labels = {}) {
      const key = JSON.stringify(labels);
      const found = series.get(key) ?? { labels, counts: [...bounds, 0].fill(0), sum: 0 };
      series.set(key, found);
      const index = bounds.findIndex((bound) => value <= bound);
      const bucket = index === -1 ? bounds.length : index;
      found.counts[bucket] = (found.counts[bucket] ?? 0) + 1;
      found.sum += value;
    },
    *samples() {
      for (const { labels, counts, sum } of series.values()) {
        let count = 0;
        for (const [index, inBucket] of counts.entries()) {
          count += inBucket;
          const le = String(bounds[index] ?? '+Inf');
          yield { suffix: '_bucket', labels: { ...labels, le }, value: count };
        }
        yield { suffix: '_sum', labels, value: sum };
        yield { suffix: '_count', labels, value: count };
      }
    },
  };
}
