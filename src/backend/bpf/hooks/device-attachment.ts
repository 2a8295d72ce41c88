import type { Direction } from '../../../sys/bpf-constants.ts';
import type { TcxPlace } from '../../../sys/bpf-link.ts';
import type { DeviceRole } from './devices.ts';

export type DeviceProgram = 'pod_in' | 'pod_out' | 'uplink_in' | 'uplink_out' | 'uplink_out_l3';

/** A program at one direction of a device. We stand next to the wire or the pod: other tools see real addresses. */
export interface DeviceHook {
  readonly program: DeviceProgram;
  readonly direction: Direction;
  readonly place: TcxPlace;
}

/** Ways to hold programs at devices: TCX links or clsact filters. */
export interface DeviceAttacher {
  /** Brings the program there or, where an earlier run's stands, replaces it in place. The kernel takes its time. */
  attach(ifindex: number, hook: DeviceHook): Promise<void>;
  /** A missing program or device is fine. */
  detach(ifindex: number, hook: DeviceHook): void;
  /** Is this very program at its hook? */
  isAttached(ifindex: number, hook: DeviceHook): boolean;
}

const HOOKS: Readonly<Record<DeviceProgram, DeviceHook>> = {
  pod_in: { program: 'pod_in', direction: 'ingress', place: 'first' },
  pod_out: { program: 'pod_out', direction: 'egress', place: 'last' },
  uplink_in: { program: 'uplink_in', direction: 'ingress', place: 'first' },
  uplink_out: { program: 'uplink_out', direction: 'egress', place: 'last' },
  uplink_out_l3: { program: 'uplink_out_l3', direction: 'egress', place: 'last' },
};

export const DEVICE_HOOKS: readonly DeviceHook[] = Object.values(HOOKS);

export function hooksOf(role: DeviceRole): readonly DeviceHook[] {
  if (role.kind === 'pod') return [HOOKS.pod_in, HOOKS.pod_out];
  // Answers first: from the first request on they are expected.
  return role.header === 'ethernet' ? [HOOKS.uplink_in, HOOKS.uplink_out] : [HOOKS.uplink_out_l3];
}
