import type { Ip } from '../../../model/ip.ts';
import type { FrontendRow } from '../image.ts';
import type { Additions, Removals } from './write-order.ts';

/** What one diff gathers while it goes from service to service. */
export interface Gathered {
  readonly additions: Additions;
  readonly removals: Removals;
  /** Frontends their service has given up; another may have taken them since. */
  readonly dropped: FrontendRow[];
  /** Addresses whose users have changed. */
  readonly touched: Set<Ip>;
  readonly nowMs: number;
}
