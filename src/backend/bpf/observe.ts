import type { Codec } from '../../abi/codec.ts';
import { Backend, FrontendKey, maps, VipFlag } from '../../abi/generated.ts';
import { PROTO_AT } from './image/backend-table.ts';
import { loadConfig } from './image/config-row.ts';
import { createFoundServices, type FoundService, type FoundServices } from './image/found-service.ts';
import { countFrontend, setNodeFlags } from './image/vip-users.ts';
import {
  backendsOf,
  type Capacities,
  columnRanges,
  createImage,
  type FrontendRow,
  frontendName,
  type Image,
  isServiceId,
  packMember,
  SERVICE_WORDS,
  type ServiceRow,
  usedRows,
} from './image.ts';
import type { HashRows, KernelMaps } from './kernel-maps.ts';

/**
 * Reads what the maps hold, sound or not: diffAll makes the difference. Ids and ranges that `previous`,
 * the image in use until now, had given up and that nobody uses go on resting.
 */
export function observe(kernel: KernelMaps, previous?: Image): Image {
  const image = createImage(capacitiesOf(kernel));
  const found = createFoundServices();
  loadBackends(image, kernel);
  loadServiceRows(image, kernel, found);
  loadHashes(image, kernel, found);
  // A range belongs to who comes first; rows with a name are worth more than those without.
  const services = [...found.all].sort(([, a], [, b]) => Number(a.name === undefined) - Number(b.name === undefined));
  const slots = new Uint32Array(kernel.slots.mmap());
  for (const [id, service] of services) enterService(image, slots, { id, found: service });
  const used = usedRows(image).slots * 2;
  image.slots.set(slots.subarray(0, used)); // as with backends
  if (previous !== undefined) keepResting(image, previous);
  image.config = loadConfig(new Uint8Array(kernel.config.mmap()));
  return image;
}

export function capacitiesOf(kernel: KernelMaps): Capacities {
  return {
    services: kernel.services.maxEntries,
    slots: kernel.slots.maxEntries,
    backends: kernel.backends.maxEntries,
    frontends: kernel.frontends.maxEntries,
    vips: kernel.vips.maxEntries,
    members: kernel.members.maxEntries,
    service_names: kernel.service_names.maxEntries,
    source_ranges: kernel.source_ranges.maxEntries,
  };
}

function loadBackends(image: Image, kernel: KernelMaps): void {
  const bytes = new Uint8Array(kernel.backends.mmap());
  for (let id = 1; id < image.capacities.backends; id += 1) {
    if (bytes[id * Backend.size + PROTO_AT] === 0) continue;
    image.backends.load(id, bytes, id * Backend.size);
    image.backendIds.claim(id);
  }
  const used = image.backends.end * Backend.size;
  image.backends.bytes.set(bytes.subarray(0, used)); // what stands in free rows is no difference either
}

function loadServiceRows(image: Image, kernel: KernelMaps, found: FoundServices): void {
  const memory = kernel.services.mmap();
  const halves = new Uint32Array(memory); // reading these makes no bigints
  const words = new BigUint64Array(memory);
  for (let at = 0; at < words.length; at += 1) {
    if (halves[at * 2] === 0 && halves[at * 2 + 1] === 0) continue;
    image.serviceWords[at] = words[at] ?? 0n;
    found.of(Math.floor(at / SERVICE_WORDS));
  }
}

function loadHashes(image: Image, kernel: KernelMaps, found: FoundServices): void {
  for (const [id, { name }] of rowsOf(kernel.service_names, maps.service_names)) {
    found.of(id).name = name;
    image.counts.service_names += 1;
  }
  for (const [addr, { flags }] of rowsOf(kernel.vips, maps.vips)) {
    image.vips.set(addr, { flags, internal: 0, external: 0, node: 0 });
    const node = flags & (VipFlag.NODE | VipFlag.LOOPBACK | VipFlag.NODE_IP);
    if (node !== 0) setNodeFlags(image, addr, node);
  }
  const strays: Uint8Array[] = [];
  for (const [key, { serviceId, scope }, keys, at] of rowsOf(kernel.frontends, maps.frontends)) {
    if (keys[at + FRONTEND_PADDING_AT] !== 0) {
      strays.push(keys.slice(at, at + FrontendKey.size));
      continue;
    }
    const frontend: FrontendRow = { key, scope, serviceId };
    image.frontends.set(frontendName(key), frontend);
    countFrontend(image, frontend, 1);
    found.of(serviceId).frontends.push(frontend);
  }
  image.strays = strays;
  for (const [{ serviceId, backendId }, { flags }] of rowsOf(kernel.members, maps.members)) {
    found.of(serviceId).members.push(packMember(backendId, flags));
    image.counts.members += 1;
  }
  for (const [{ serviceId, prefixlen, addr }, { allow }] of rowsOf(kernel.source_ranges, maps.source_ranges)) {
    found.of(serviceId).sourceRanges.push({ prefixlen, addr, allow });
    image.counts.source_ranges += 1;
  }
}

function enterService(
  image: Image,
  slots: Uint32Array,
  { id, found }: { readonly id: number; readonly found: FoundService },
): void {
  image.serviceIds.claim(id);
  const ranges = columnRanges(image, id).filter((range) => image.ranges.claim(range));
  for (const { offset, size } of ranges) image.slots.set(slots.subarray(offset * 2, (offset + size) * 2), offset * 2);
  const row: ServiceRow = { id, ...found, members: found.members.sort((left, right) => left - right), ranges };
  image.services.set(id, row);
  if (found.name !== undefined && isServiceId(image, id) && !image.idByKey.has(found.name))
    image.idByKey.set(found.name, id);
  for (const backendId of backendsOf(image, row)) {
    image.backendIds.claim(backendId); // also where the row is gone
    image.backendRefs[backendId] = (image.backendRefs[backendId] ?? 0) + 1;
  }
}

function keepResting(image: Image, previous: Image): void {
  for (const [id, releasedMs] of previous.serviceIds.resting()) {
    if (image.serviceIds.claim(id)) image.serviceIds.release(id, releasedMs);
  }
  for (const { range, releasedMs } of previous.ranges.resting()) {
    if (image.ranges.claim(range)) image.ranges.release(range, releasedMs);
  }
}

/** The one byte of padding that a key of a hash map has; codecs write it as zero and don't read it. */
const FRONTEND_PADDING_AT = FrontendKey.size - 1;

function* rowsOf<K, V>(
  rows: HashRows,
  { key, value }: { readonly key: Codec<K>; readonly value: Codec<V> },
): Generator<readonly [key: K, value: V, keys: Uint8Array, at: number]> {
  for (const { keys, values, count } of rows.chunks()) {
    const keyView = new DataView(keys.buffer, keys.byteOffset, keys.byteLength);
    const valueView = new DataView(values.buffer, values.byteOffset, values.byteLength);
    for (let row = 0; row < count; row += 1) {
      const at = row * key.size;
      yield [key.decodeFrom(keyView, at), value.decodeFrom(valueView, row * value.size), keys, at];
    }
  }
}
