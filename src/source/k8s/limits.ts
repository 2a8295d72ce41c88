/** What a server may take of our time and memory, and how soon it is asked again. */
export interface Limits {
  /** Before the second attempt; doubled each time. */
  readonly retryMs: number;
  readonly longestRetryMs: number;
  /** A watch that lasts so long works; one that ends sooner and told nothing is as good as a failure. */
  readonly steadyMs: number;
  /** Until TLS stands. */
  readonly connectMs: number;
  /** Until an answer begins. */
  readonly headersMs: number;
  /** A silent connection is asked for a sign of life this often, and given up without an answer in time. */
  readonly pingEveryMs: number;
  readonly pingAnswerMs: number;
  /** Silence of a watch; servers send a bookmark a minute. */
  readonly idleMs: number;
  /** Silence of a watch that still lists. */
  readonly listingIdleMs: number;
  /** From the first to the last byte of one event. */
  readonly eventMs: number;
  /** From the first to the last byte of one page of a list. */
  readonly pageMs: number;
  /** etcd takes objects of up to 1.5 MB. */
  readonly eventBytes: number;
  readonly pageBytes: number;
  /** Objects of one listing. */
  readonly objects: number;
}

export const DEFAULT_LIMITS: Limits = {
  retryMs: 800,
  longestRetryMs: 30_000,
  steadyMs: 1000,
  connectMs: 10_000,
  headersMs: 30_000,
  pingEveryMs: 10_000,
  pingAnswerMs: 10_000,
  idleMs: 150_000,
  listingIdleMs: 20_000,
  eventMs: 60_000,
  pageMs: 60_000,
  eventBytes: 4 << 20,
  pageBytes: 4 << 20,
  objects: 200_000,
};
