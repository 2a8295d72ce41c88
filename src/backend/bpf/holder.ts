import { closeSync, constants, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, LAYOUT_HASH } from '../../abi/generated.ts';
import { SysError } from '../../errors.ts';
import { BpfMap } from '../../sys/bpf-map.ts';
import { tryLock } from '../../sys/flock.ts';
import { makeFolder } from '../../sys/make-folder.ts';
import { listGenerations, mapPin, pinsOf } from './pins.ts';

export interface HolderOptions {
  /** Folder on a bpffs. */
  readonly bpffs: string;
  /** Wait for the holder to go; otherwise that is an error. */
  readonly standby: boolean;
  readonly signal: AbortSignal;
  /** Called once if there is somebody to wait for. */
  readonly onWait: (holder: string) => void;
}

/** How soon a standby notices that the holder is gone. */
const STANDBY_MS = 500;
const EBUSY = 16;
const ROW = new Uint8Array(4);

/**
 * The right to write: one agent per bpffs folder. The kernel gives the lock back however the process
 * ends. Rejects with SysError EBUSY that names the holder, or with the signal's reason.
 */
export class Holder implements Disposable {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  static async take({ bpffs, standby, signal, onWait }: HolderOptions): Promise<Holder> {
    makeFolder(bpffs);
    const fd = openSync(bpffs, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      if (!tryLock(fd)) {
        if (!standby) throw heldError(bpffs);
        onWait(describeHolder(bpffs));
        while (!tryLock(fd)) await sleep(STANDBY_MS, undefined, { signal });
      }
      return new Holder(fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Tells the others who we are. */
  sign(agents: BpfMap, agent: Agent): void {
    agents.update(ROW, Agent.encode(agent));
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** For whoever must not act while an agent runs. */
export function heldError(bpffs: string): SysError {
  const cure = `${describeHolder(bpffs)} holds the node: stop it first, or wait for it with --standby`;
  return new SysError({ operation: 'lock', target: bpffs, errno: EBUSY, code: 'EBUSY', cure });
}

/** 'agent with pid 12 on node "a" in pod "ns/b", started 2026-11-23T23:00:00.000Z' */
function describeHolder(bpffs: string): string {
  const agent = readHolder(bpffs);
  if (agent === undefined) return 'another agent, which has not said its name yet,';
  const pod = agent.pod === '' ? '' : ` in pod "${agent.pod}"`;
  const started = new Date(Number(agent.startedMs)).toISOString();
  return `agent with pid ${agent.pid} on node "${agent.node}"${pod}, started ${started},`;
}

/** A build of another layout may hold the node; where its row has our shape, it reads the same. */
function readHolder(bpffs: string): Agent | undefined {
  const others = listGenerations(bpffs).filter((pins) => pins.generation !== `v${LAYOUT_HASH}`);
  for (const pins of [pinsOf(bpffs), ...others]) {
    using agents = BpfMap.openPinned(mapPin(pins, 'agent'));
    const row = agents?.valueSize === Agent.size ? agents.lookup(ROW) : undefined;
    if (row === undefined) continue;
    const agent = Agent.decode(row);
    if (agent.pid !== 0) return agent;
  }
  return undefined;
}
