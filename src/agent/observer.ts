import type { SyncReport } from '../backend/backend.ts';
import type { Op } from '../model/op.ts';

/** Told what the agent does, as it does it. */
export interface AgentObserver {
  received(ops: readonly Op[]): void;
  /** A sync is due; told again before each attempt. */
  queued(): void;
  /** `isFull`: compared with the kernel as a whole, not only what changed. */
  synced(sync: { readonly isFull: boolean; readonly tookMs: number; readonly report: SyncReport }): void;
  failed(): void;
}
