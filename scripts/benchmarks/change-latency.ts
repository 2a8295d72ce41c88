import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as abi from '../../src/abi/generated.ts';
import { mapPin, pinsOf } from '../../src/backend/bpf/pins.ts';
import { BpfMap } from '../../src/sys/bpf-map.ts';
import type { Lab } from '../../test/support/lab.ts';
import { ip } from '../../test/support/packet.ts';
import { draftLoneService, LONE_SERVICE } from './cluster-folder.ts';
import { clusterIpOf } from './cluster-objects.ts';

const CHANGES = 300;
/** Between two changes: the agent is to be idle when one comes. */
const PAUSE_MS = 20;
const GIVE_UP_MS = 5_000;
const TCP = 6;

/**
 * Milliseconds from the rename of a one-Service file to the changed verdict in the kernel's map, one per change: seen
 * from outside, by a processor that does nothing but look. The verdict is the last write of such a change.
 */
export async function measureChanges(lab: Lab): Promise<readonly number[]> {
  const pins = pinsOf(join(lab.bpffs, 'bpfsvc'));
  using frontends = openMap(mapPin(pins, 'frontends'));
  using services = openMap(mapPin(pins, 'services'));
  const words = new BigUint64Array(services.mmap());
  const row = frontends.lookup(
    abi.maps.frontends.key.encode({ addr: ip(clusterIpOf(LONE_SERVICE)), port: 80, proto: TCP }),
  );
  if (row === undefined) throw new Error('Cannot measure changes: the agent does not serve the changing Service');
  const { serviceId } = abi.maps.frontends.value.decode(row);
  // The first column: what pods of this node meet.
  const place = (serviceId * abi.maps.services.value.size) / BigUint64Array.BYTES_PER_ELEMENT;
  const latencies: number[] = [];
  for (let change = 1; change <= CHANGES; change++) {
    const putInForce = draftLoneService(lab.manifests.folder, change % 2);
    await pause(PAUSE_MS);
    const before = Atomics.load(words, place);
    const started = performance.now();
    putInForce();
    while (Atomics.load(words, place) === before) {
      if (performance.now() - started > GIVE_UP_MS) throw new Error(`Cannot see change ${change} in the kernel`);
    }
    latencies.push(performance.now() - started);
  }
  return latencies;
}

function openMap(path: string): BpfMap {
  const map = BpfMap.openPinned(path);
  if (map === undefined) throw new Error(`Cannot open map "${path}": nothing is pinned there`);
  return map;
}
