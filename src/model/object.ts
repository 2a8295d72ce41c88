import type { EndpointSlice } from './endpoint-slice.ts';
import type { Node } from './node.ts';
import { type Parse, refuse } from './parse.ts';
import type { Service } from './service.ts';

export type ModelObject = Service | EndpointSlice | Node;

/** Reads one API object of any shape; never throws. Parts it refuses alone stand in the object's `problems`. */
export function parseObject(raw: unknown): Parse<ModelObject> {
  return refuse(typeof raw);
}

/** "Service ns1/svc1" or "Node node-a", as `ignored` names objects; undefined where kind or name is missing. */
export function nameObject(raw: unknown): string | undefined {
  return typeof raw;
}
