import { formatCidr } from '../../model/cidr.ts';
import type { Ip } from '../../model/ip.ts';
import type { NodeState, ServicePort, ServicePortKey } from '../../plan/state.ts';
import { describeFull } from './image/full-map.ts';
import type { Gathered } from './image/gathered.ts';
import { program } from './image/program.ts';
import { reserve } from './image/reserve.ts';
import { unprogram } from './image/unprogram.ts';
import { countFrontend, setNodeFlags, settleVip, widenVip } from './image/vip-users.ts';
import { createAdditions, createRemovals, inOrder } from './image/write-order.ts';
import { type FrontendRow, frontendName, type Image, isServiceId } from './image.ts';
import { lower } from './lower.ts';
import { type Environment, lowerConfig, lowerNodeVips } from './lower-node.ts';
import type { ConfigRow, Write } from './write.ts';

/** What is wanted otherwise than before. */
export interface Change {
  readonly updated: ReadonlyMap<ServicePortKey, ServicePort>;
  readonly removed: ReadonlySet<ServicePortKey>;
  readonly node: NodeState;
  readonly environment: Environment;
  /** Monotonic. */
  readonly nowMs: number;
}

/** All that is wanted. */
export type Whole = Omit<Change, 'updated' | 'removed'> & {
  readonly servicePorts: ReadonlyMap<ServicePortKey, ServicePort>;
};

/**
 * Moves the image to what is wanted and yields the writes that move the kernel there, in the order in
 * which they must be committed; a large change comes in parts. After any number of them every client
 * meets the old verdict or the new one. Services that don't fit stay as they were: image.refused.
 */
export function* diff(image: Image, change: Change): Generator<readonly Write[]> {
  const removedIds: number[] = [];
  for (const key of change.removed) {
    const id = image.idByKey.get(key);
    if (id !== undefined) removedIds.push(id);
    image.idByKey.delete(key);
    forgetRefused(image, key);
  }
  yield* run(image, change, { updated: withRefused(image, change.updated), removedIds, vips: [] });
  yield* retryRefused(image, change);
}

/** As diff, for an image just observed: whatever is not wanted goes, whoever made it. */
export function* diffAll(image: Image, whole: Whole): Generator<readonly Write[]> {
  image.refused.clear();
  yield image.strays.map((key): Write => ({ kind: 'delete-stray', key }));
  image.strays = [];
  adoptByFrontends(image, whole.servicePorts.values());
  const wantedIds = new Set(Array.from(whole.servicePorts.keys(), (key) => image.idByKey.get(key)));
  const removedIds = [...image.services.keys()].filter((id) => !wantedIds.has(id));
  yield* run(image, whole, { updated: whole.servicePorts, removedIds, vips: image.vips.keys() });
  yield* retryRefused(image, whole);
  for (let id = 1; id < image.capacities.backends; id += 1) {
    const isStray = image.backends.has(id) && image.backendRefs[id] === 0 && !image.backendIds.isResting(id);
    if (isStray) image.backendIds.release(id, whole.nowMs);
  }
}

interface Task {
  readonly updated: ReadonlyMap<ServicePortKey, ServicePort>;
  readonly removedIds: readonly number[];
  /** Addresses to look at, whoever uses them. */
  readonly vips: Iterable<Ip>;
}

type Surroundings = Pick<Change, 'node' | 'environment' | 'nowMs'>;

/** Keeps the writes of ten thousand Services from being in memory at once: so few die before V8 moves them to its old space. */
const SERVICES_PER_PART = 32;

function* run(image: Image, surroundings: Surroundings, task: Task): Generator<readonly Write[]> {
  const { nowMs } = surroundings;
  const removals = createRemovals();
  const dropped: FrontendRow[] = [];
  const settling = new Set(task.vips);
  let touched = diffNodeVips(image, surroundings);
  const services = [...groupByService(task.updated)];
  yield diffConfig(image, surroundings);
  for (let from = 0; from === 0 || from < services.length; from += SERVICES_PER_PART) {
    const additions = createAdditions();
    for (const [service, ports] of services.slice(from, from + SERVICES_PER_PART)) {
      diffService(image, { service, ports }, { additions, removals, dropped, touched, nowMs });
    }
    for (const vip of touched) {
      additions.vips.push(...widenVip(image, vip));
      settling.add(vip);
    }
    yield inOrder(additions);
    touched = new Set();
  }
  const gathered: Gathered = { additions: createAdditions(), removals, dropped, touched: settling, nowMs };
  for (const id of task.removedIds) unprogram(image, id, gathered);
  dropFrontends(image, gathered);
  for (const vip of settling) removals.vips.push(...settleVip(image, vip));
  const last = inOrder(removals);
  if (last.length > 0) image.hasNewRoom = true;
  yield last;
}

/** What was removed may have made room for what was refused just before. */
function* retryRefused(image: Image, surroundings: Surroundings): Generator<readonly Write[]> {
  if (image.refused.size === 0 || !image.hasNewRoom) return;
  yield* run(image, surroundings, { updated: withRefused(image, new Map()), removedIds: [], vips: [] });
}

function diffService(
  image: Image,
  { service, ports }: { readonly service: string; readonly ports: readonly ServicePort[] },
  gathered: Gathered,
): void {
  const reserved = reserve(image, ports.map(lower));
  if (reserved.ok) {
    image.refused.delete(service);
    for (const reservation of reserved.reservations) program(image, reservation, gathered);
  } else {
    const servicePorts = new Map(ports.map((port) => [port.key, port]));
    image.refused.set(service, { reason: reserved.reason, servicePorts });
  }
}

/** Frontends that no other service took in their place. */
function dropFrontends(image: Image, { dropped, removals, touched }: Gathered): void {
  for (const frontend of dropped) {
    const name = frontendName(frontend.key);
    if (image.frontends.get(name) !== frontend) continue;
    image.frontends.delete(name);
    const vip = countFrontend(image, frontend, -1);
    if (vip !== undefined) touched.add(vip);
    removals.frontends.push({ kind: 'delete', map: 'frontends', key: frontend.key });
  }
}

function diffConfig(image: Image, { node, environment }: Surroundings): readonly Write[] {
  const row = lowerConfig(node, environment);
  if (image.config !== undefined && sameConfig(image.config, row)) return [];
  image.config = row;
  return [{ kind: 'store-config', row }];
}

/** Returns the addresses whose flags change. */
function diffNodeVips(image: Image, { node, environment }: Surroundings): Set<Ip> {
  const touched = new Set<Ip>();
  const wanted = lowerNodeVips(node, environment);
  const refusal = `Node ${node.name}`;
  image.refused.delete(refusal);
  for (const [ip, flags] of wanted) {
    if (image.nodeVips.get(ip) === flags) continue;
    if (!image.vips.has(ip) && image.vips.size >= image.capacities.vips) {
      const reason = `No row for ${ip}: ${describeFull(image, 'vips', { needed: 1, room: 0 })}`;
      image.refused.set(refusal, { reason, servicePorts: new Map() });
      continue;
    }
    setNodeFlags(image, ip, flags);
    touched.add(ip);
  }
  for (const ip of image.nodeVips.keys()) {
    if (wanted.has(ip)) continue;
    setNodeFlags(image, ip, 0);
    touched.add(ip);
  }
  return touched;
}

/** A service whose name was lost is known by what it serves. */
function adoptByFrontends(image: Image, servicePorts: Iterable<ServicePort>): void {
  if (![...image.services.values()].some(({ name }) => name === undefined)) return;
  const adopted = new Set<number>();
  for (const servicePort of servicePorts) {
    if (image.idByKey.has(servicePort.key)) continue;
    const owners = lower(servicePort).frontends.map(({ key }) => image.frontends.get(frontendName(key))?.serviceId);
    const id = owners.find((owner) => isNameless(image, owner) && !adopted.has(owner));
    if (id === undefined) continue;
    adopted.add(id);
    image.idByKey.set(servicePort.key, id);
  }
}

function isNameless(image: Image, id: number | undefined): id is number {
  if (id === undefined || !isServiceId(image, id)) return false;
  const row = image.services.get(id);
  return row !== undefined && row.name === undefined;
}

/** Refused Services are tried again, where there may be room now. */
function withRefused(image: Image, updated: Change['updated']): Change['updated'] {
  if (image.refused.size === 0) return updated;
  const merged = new Map<ServicePortKey, ServicePort>();
  const services = new Set(Array.from(updated.values(), ({ service }) => service));
  for (const [service, { servicePorts }] of image.refused) {
    if (!image.hasNewRoom && !services.has(service)) continue;
    for (const [key, servicePort] of servicePorts) merged.set(key, servicePort);
  }
  image.hasNewRoom = false;
  for (const [key, servicePort] of updated) merged.set(key, servicePort);
  return merged;
}

function forgetRefused(image: Image, key: ServicePortKey): void {
  for (const [service, refused] of image.refused) {
    if (!refused.servicePorts.has(key)) continue;
    const servicePorts = new Map(refused.servicePorts);
    servicePorts.delete(key);
    if (servicePorts.size === 0) image.refused.delete(service);
    else image.refused.set(service, { ...refused, servicePorts });
  }
}

function groupByService(servicePorts: ReadonlyMap<ServicePortKey, ServicePort>): ReadonlyMap<string, ServicePort[]> {
  const groups = new Map<string, ServicePort[]>();
  for (const servicePort of servicePorts.values()) {
    const group = groups.get(servicePort.service);
    if (group === undefined) groups.set(servicePort.service, [servicePort]);
    else group.push(servicePort);
  }
  return groups;
}

function sameConfig(a: ConfigRow, b: ConfigRow): boolean {
  return (
    a.hasDetector === b.hasDetector &&
    a.nodeAddrV4 === b.nodeAddrV4 &&
    a.nodeAddrV6 === b.nodeAddrV6 &&
    a.localCidrs.map(formatCidr).join() === b.localCidrs.map(formatCidr).join()
  );
}
