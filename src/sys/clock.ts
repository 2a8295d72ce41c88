/** Nanoseconds of CLOCK_MONOTONIC: the clock of bpf_ktime_get_ns(). */
export function monotonicNs(): bigint {
  return process.hrtime.bigint();
}
