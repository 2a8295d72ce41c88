/** Both go on in milliseconds: `wall` since 1970 for people, `monotonic` for durations. */
export interface Clocks {
  readonly wall: () => number;
  readonly monotonic: () => number;
}

export interface HealthReport {
  /** No sync has been due for too long. */
  readonly isHealthy: boolean;
  /** Wall clock of the last sync that succeeded, in milliseconds since 1970; undefined: none yet. */
  readonly lastUpdatedMs: number | undefined;
  readonly currentMs: number;
}

/** Whether the dataplane follows the cluster, as kube-proxy judges it. */
export interface Health {
  /** A sync is due. */
  queued(): void;
  /** Nothing is due any more. */
  updated(): void;
  report(): HealthReport;
}

/** Twice kube-proxy's sync period. */
const LONGEST_PENDING_MS = 60_000;

export function createHealth(clocks: Clocks): Health {
  let pendingSince: number | undefined;
  let lastUpdatedMs: number | undefined;
  return {
    queued() {
      pendingSince ??= clocks.monotonic();
    },
    updated() {
      pendingSince = undefined;
      lastUpdatedMs = clocks.wall();
    },
    report: () => ({
      isHealthy: pendingSince === undefined || clocks.monotonic() - pendingSince < LONGEST_PENDING_MS,
      lastUpdatedMs,
      currentMs: clocks.wall(),
    }),
  };
}
