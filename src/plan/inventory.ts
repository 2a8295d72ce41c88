import type { EndpointSlice } from '../model/endpoint-slice.ts';
import { flatText } from '../model/flat-text.ts';
import type { Node } from '../model/node.ts';
import { type ModelObject, nameOf } from '../model/object.ts';
import type { Op } from '../model/op.ts';
import type { Service } from '../model/service.ts';
import type { Ignored } from './state.ts';

/** A Service and its slices, in order of their names. */
export interface Holding {
  readonly service: Service | undefined;
  readonly slices: readonly EndpointSlice[];
}

/** The fold of all ops: what the sources hold now, and which Services that touched. */
export interface Inventory {
  readonly synced: boolean;
  /** This node's own object. */
  readonly node: Node | undefined;
  apply(op: Op): void;
  holding(service: string): Holding;
  services(): Iterable<string>;
  /** "namespace/name" of every Service touched since the last call. */
  takeDirty(): ReadonlySet<string>;
  /** What sources and parsers refused, in no order. */
  ignored(): readonly Ignored[];
}

export function createInventory(nodeName: string): Inventory {
  const services = new Map<string, Service>();
  const slices = new Map<string, EndpointSlice[]>(); // by Service
  const sliceServices = new Map<string, string>(); // a slice may change its Service
  const refused = new Map<string, string>();
  const problems = new Map<string, readonly string[]>();
  let dirty = new Set<string>();
  let node: Node | undefined;
  let synced = false;

  const dropSlice = (path: string, name: string): void => {
    const service = sliceServices.get(path);
    if (service === undefined) return;
    sliceServices.delete(path);
    const left = (slices.get(service) ?? []).filter((slice) => slice.name !== name);
    if (left.length === 0) slices.delete(service);
    else slices.set(service, left);
    dirty.add(service);
  };
  const setSlice = (slice: EndpointSlice): void => {
    const path = flatText(slice.namespace, '/', slice.name);
    dropSlice(path, slice.name);
    if (slice.service === undefined) return;
    const present = slices.get(slice.service) ?? [];
    const at = present.findIndex((other) => other.name > slice.name);
    slices.set(slice.service, present.toSpliced(at === -1 ? present.length : at, 0, slice));
    sliceServices.set(path, slice.service);
    dirty.add(slice.service);
  };
  const set = (object: ModelObject): void => {
    switch (object.kind) {
      case 'Service': {
        services.set(object.path, object);
        dirty.add(object.path);
        return;
      }
      case 'EndpointSlice':
        setSlice(object);
        return;
      case 'Node':
        node = object;
    }
  };
  const remove = (kind: ModelObject['kind'], path: string, name: string): void => {
    switch (kind) {
      case 'Service':
        if (services.delete(path)) dirty.add(path);
        return;
      case 'EndpointSlice':
        dropSlice(path, name);
        return;
      case 'Node':
        node = undefined;
    }
  };
  const reset = (): void => {
    dirty = new Set([...dirty, ...services.keys()]);
    for (const held of [services, slices, sliceServices, refused, problems]) held.clear();
    node = undefined;
    synced = false;
  };

  return {
    get synced() {
      return synced;
    },
    get node() {
      return node;
    },
    apply(op) {
      switch (op.op) {
        case 'reset':
          reset();
          return;
        case 'sync':
          synced = true;
          return;
        case 'ignore':
          if (op.reason === undefined) refused.delete(op.object);
          else refused.set(op.object, op.reason);
          return;
        case 'set': {
          const { object } = op;
          const namespace = object.kind === 'Node' ? '' : object.namespace;
          const title = nameOf(object.kind, namespace, object.name);
          refused.delete(title);
          if (object.kind === 'Node' && object.name !== nodeName) return;
          if (object.problems.length === 0) problems.delete(title);
          else problems.set(title, object.problems);
          set(object);
          return;
        }
        case 'delete': {
          const title = nameOf(op.kind, op.namespace, op.name);
          refused.delete(title);
          if (op.kind === 'Node' && op.name !== nodeName) return;
          problems.delete(title);
          remove(op.kind, `${op.namespace}/${op.name}`, op.name);
        }
      }
    },
    holding: (service) => ({ service: services.get(service), slices: slices.get(service) ?? [] }),
    services: () => services.keys(),
    takeDirty() {
      const taken = dirty;
      dirty = new Set();
      return taken;
    },
    ignored: () => [
      ...Array.from(refused, ([object, reason]): Ignored => ({ object, reason })),
      ...Array.from(problems).flatMap(([object, reasons]) => reasons.map((reason): Ignored => ({ object, reason }))),
    ],
  };
}
