import { parseCidr } from '../../src/model/cidr.ts';
import type { Cidr } from '../../src/model/ip.ts';
import { parseObject } from '../../src/model/object.ts';
import type { PlanConfig } from '../../src/plan/config.ts';
import { createPlanner, type Planner } from '../../src/plan/planner.ts';
import { NODE, type RawObject } from './objects.ts';

/** kube-proxy's defaults with pods in 10.0.0.0/8 and fd00:10::/64. */
export const CONFIG: PlanConfig = {
  nodeName: NODE,
  clusterCidrs: [cidr('10.0.0.0/8'), cidr('fd00:10::/64')],
  detectLocalMode: 'ClusterCIDR',
  masqueradeAll: false,
  nodePortAddresses: [],
  localhostNodePorts: true,
  preferSameTrafficDistribution: true,
};

/** A planner that holds these objects and has planned them. */
export function planObjects(objects: readonly RawObject[], config: PlanConfig = CONFIG): Planner {
  const planner = createPlanner(config);
  for (const raw of objects) setRaw(planner, raw);
  planner.apply({ op: 'sync' });
  planner.plan();
  return planner;
}

/** Sets one object; the refusal of a whole one is a bug of the test. */
export function setRaw(planner: Planner, raw: RawObject): void {
  const parsed = parseObject(raw);
  if (!parsed.ok) throw new Error(parsed.reason);
  planner.apply({ op: 'set', object: parsed.value });
}

export function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
}
