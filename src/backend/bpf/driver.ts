import type { Logger } from 'pino';
import type { Backend } from '../backend.ts';

export interface BpfBackendOptions {
  /** Folder of the pins; a bpffs is mounted there where none is. */
  readonly bpffs: string;
  /** cgroup v2 directory for the socket hooks; undefined: the root of the mounted cgroup2. */
  readonly cgroup: string | undefined;
  readonly socketHooks: boolean;
  /** Name patterns ("eth*"); empty: detected. */
  readonly uplinks: readonly string[];
  readonly podDevices: readonly string[];
  readonly nodeName: string;
  /** Pod the agent runs in; '' outside of one. */
  readonly podName: string;
  /** Wait while another agent holds the node; otherwise that is an error. */
  readonly standby: boolean;
  /** Ends a wait of standby. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /**
   * Called when the network changed in a way that concerns the plan's lowering (an address of the
   * node came or went) or a repair is due: call sync() soon, also with an empty delta.
   */
  readonly requestSync: () => void;
}

/**
 * Takes the node: mounts, locks, loads, attaches. Rejects with SysError EBUSY naming the holder where
 * another agent has it, AbiMismatchError where pins of another layout are in the way. A sync() with an
 * empty delta is the resync: it compares the kernel with the last state and repairs.
 * Dispose leaves the dataplane working.
 */
export function createBpfBackend(_options: BpfBackendOptions): Promise<Backend> {
  throw new Error('not there yet');
}
