import { maps } from '../../abi/generated.ts';
import { openPinnedMap, rowsOf } from './pinned-maps.ts';

/** Names by service id: "namespace/name:portName/PROTO/family". */
export function readServiceNames(bpffs: string): ReadonlyMap<number, string> {
  using map = openPinnedMap(bpffs, 'service_names');
  return new Map([...rowsOf(map, maps.service_names)].map(([id, { name }]) => [id, name]));
}
