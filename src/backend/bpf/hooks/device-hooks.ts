import type { Logger } from 'pino';
import { Device, DeviceRole as Role } from '../../../abi/generated.ts';
import { SysError } from '../../../errors.ts';
import type { BpfMap } from '../../../sys/bpf-map.ts';
import { DEVICE_HOOKS, type DeviceAttacher, hooksOf } from './device-attachment.ts';
import type { DeviceRole } from './devices.ts';

/** As IFLA_LINK_NETNSID has none. */
const NSID_UNKNOWN = 0xffffffff;

/** Brings the programs to the devices and keeps them there; one instance per run. */
export class DeviceHooks {
  readonly #attacher: DeviceAttacher;
  /** The pinned map "devices": also what an earlier run left. */
  readonly #rows: BpfMap;
  readonly #log: Logger;
  #applied: ReadonlyMap<number, DeviceRole> = new Map();

  constructor(attacher: DeviceAttacher, rows: BpfMap, log: Logger) {
    this.#attacher = attacher;
    this.#rows = rows;
    this.#log = log;
  }

  /**
   * Converges on the roles; only devices whose role changed cost anything. Resolves with how many were changed. One call at
   * a time, and one device: the kernel attaches under the lock that our questions about the next one take, too.
   */
  async apply(roles: ReadonlyMap<number, DeviceRole>): Promise<number> {
    const applied = new Map<number, DeviceRole>();
    let changed = 0;
    for (const [ifindex, role] of roles) {
      const known = this.#applied.get(ifindex);
      if (known !== undefined && isSameRole(known, role)) applied.set(ifindex, known);
      else if (await this.#tryDevice(ifindex, role)) {
        applied.set(ifindex, role);
        changed += 1;
      }
    }
    for (const ifindex of this.#staleRows(roles)) {
      this.#removeDevice(ifindex);
      changed += 1;
    }
    this.#applied = applied;
    return changed;
  }

  /** Looks at every hook in the kernel and repairs; the resync. Resolves with how many devices were repaired. */
  async verify(roles: ReadonlyMap<number, DeviceRole>): Promise<number> {
    const intact = new Map([...this.#applied].filter(([ifindex, role]) => this.#isIntact(ifindex, role)));
    this.#applied = intact;
    return this.apply(roles);
  }

  /** A refusal reads as broken: attaching anew tells what it is. */
  #isIntact(ifindex: number, role: DeviceRole): boolean {
    const row = this.#rows.lookup(keyOf(ifindex));
    if (row === undefined || !sameBytes(row, rowOf(role))) return false;
    try {
      return hooksOf(role).every((hook) => this.#attacher.isAttached(ifindex, hook));
    } catch (error) {
      if (error instanceof SysError) return false;
      throw error;
    }
  }

  /** A device that goes away in the middle is none of anybody's business; other refusals are tried again. */
  async #tryDevice(ifindex: number, role: DeviceRole): Promise<boolean> {
    try {
      await this.#addDevice(ifindex, role);
      return true;
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      if (error.code === 'ENODEV') this.#log.debug({ ifindex }, 'device went away');
      else this.#log.warn({ ifindex, errno: error.code, reason: error.message }, 'cannot attach to device');
      return false;
    }
  }

  /** The row first: a program that runs without one knows neither bridge nor namespace. */
  async #addDevice(ifindex: number, role: DeviceRole): Promise<void> {
    this.#rows.update(keyOf(ifindex), rowOf(role));
    const wanted = hooksOf(role);
    for (const hook of DEVICE_HOOKS) {
      if (!wanted.includes(hook)) this.#attacher.detach(ifindex, hook);
      else if (!this.#attacher.isAttached(ifindex, hook)) await this.#attacher.attach(ifindex, hook);
    }
    this.#log.debug({ ifindex, role: role.kind }, 'device attached');
  }

  #removeDevice(ifindex: number): void {
    for (const hook of DEVICE_HOOKS) this.#attacher.detach(ifindex, hook);
    this.#rows.delete(keyOf(ifindex));
    this.#log.debug({ ifindex }, 'device detached');
  }

  #staleRows(roles: ReadonlyMap<number, DeviceRole>): readonly number[] {
    const stale: number[] = [];
    for (const { keys, count } of this.#rows.chunks()) {
      const ifindexes = new Uint32Array(keys.slice().buffer, 0, count);
      stale.push(...ifindexes.filter((ifindex) => !roles.has(ifindex)));
    }
    return stale;
  }
}

function rowOf(role: DeviceRole): Uint8Array {
  if (role.kind === 'uplink') return Device.encode({ role: Role.UPLINK, bridgeIfindex: 0, peerNsid: NSID_UNKNOWN });
  const { bridgeIfindex, peerNetnsId = NSID_UNKNOWN } = role;
  return Device.encode({ role: Role.POD, bridgeIfindex, peerNsid: peerNetnsId });
}

function keyOf(ifindex: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(ifindex).buffer);
}

function isSameRole(a: DeviceRole, b: DeviceRole): boolean {
  return hooksOf(a)[0] === hooksOf(b)[0] && sameBytes(rowOf(a), rowOf(b));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
