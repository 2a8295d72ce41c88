import { exact } from '../model/exact.ts';
import type { Op } from '../model/op.ts';
import { collectProblems } from '../model/problems.ts';
import { createClaims } from './claims.ts';
import type { PlanConfig } from './config.ts';
import { nameFrontend } from './frontend-name.ts';
import { createInventory } from './inventory.ts';
import { planNode, primaryAddress } from './node-state.ts';
import { type PlanContext, planService, type ServicePlan } from './plan-service.ts';
import { sameServicePort } from './same.ts';
import type { DataplaneState, Ignored, NodeState, ServicePort, ServicePortKey, StateDelta } from './state.ts';

/** Keeps the model and the state that follows from it. */
export interface Planner {
  /** A listing is complete; until then nothing may be applied. */
  readonly synced: boolean;
  /** Unless its Node says that it is about to leave. */
  readonly isNodeEligible: boolean;
  /** Cheap: only notes what has to be planned again. */
  apply(op: Op): void;
  /** Plans what is dirty; says what differs from the state before. */
  plan(): StateDelta;
  /** The state of the last plan(); its map is live, valid until the next plan(). */
  state(): DataplaneState;
}

export function createPlanner(config: PlanConfig): Planner {
  const inventory = createInventory(config.nodeName);
  const claims = createClaims();
  const servicePorts = new Map<ServicePortKey, ServicePort>();
  const keysByService = new Map<string, readonly ServicePortKey[]>();
  const problems = new Map<string, readonly string[]>(); // of plans, by Service
  let node = planNode(config, undefined);
  let context = contextOf(config, node, undefined);
  let handedOut = false;

  const draft = (service: string): ServicePlan => {
    const holding = inventory.holding(service);
    return holding.service === undefined ? NOTHING : planService(holding.service, holding.slices, context);
  };
  /** Plans dirty Services, and those whose frontends another one gave up or took. */
  const draftAll = (dirty: ReadonlySet<string>): ReadonlyMap<string, ServicePlan> => {
    const drafts = new Map<string, ServicePlan>();
    const contested = new Set<string>();
    for (const service of dirty) {
      const plan = draft(service);
      drafts.set(service, plan);
      const created = inventory.holding(service).service?.created;
      for (const name of claims.replace({ service, created }, claimsOf(plan))) contested.add(name);
    }
    for (const name of contested) {
      for (const service of claims.claimants(name)) {
        if (!drafts.has(service)) drafts.set(service, draft(service));
      }
    }
    return drafts;
  };

  return {
    get synced() {
      return inventory.synced;
    },
    get isNodeEligible() {
      return inventory.node?.isLeaving !== true;
    },
    apply: (op) => inventory.apply(op),
    plan() {
      const nextNode = planNode(config, inventory.node);
      const nextContext = contextOf(config, nextNode, inventory.node?.zone);
      const sameNode = isSame(node, nextNode);
      const dirty = inventory.takeDirty();
      const everything = sameNode && isSame(context, nextContext) ? [] : inventory.services();
      node = sameNode ? node : nextNode;
      context = nextContext;

      const updated = new Map<ServicePortKey, ServicePort>();
      const removed = new Set<ServicePortKey>();
      for (const [service, plan] of draftAll(new Set([...dirty, ...everything]))) {
        const settled = settle(plan, service, (name) => claims.winner(name));
        if (settled.problems.length === 0) problems.delete(service);
        else problems.set(service, settled.problems);
        const keys = settled.servicePorts.map(({ key }) => key);
        const kept = new Set(keys);
        for (const key of keysByService.get(service) ?? []) {
          if (kept.has(key)) continue;
          servicePorts.delete(key);
          removed.add(key);
        }
        if (keys.length === 0) keysByService.delete(service);
        else keysByService.set(service, keys);
        for (const servicePort of settled.servicePorts) {
          const before = servicePorts.get(servicePort.key);
          if (before !== undefined && sameServicePort(before, servicePort)) continue;
          servicePorts.set(servicePort.key, servicePort);
          updated.set(servicePort.key, servicePort);
        }
      }
      const delta = { updated, removed, node: handedOut && sameNode ? undefined : node };
      handedOut = true;
      return delta;
    },
    state() {
      const planned = Array.from(problems).flatMap(([service, reasons]) =>
        reasons.map((reason): Ignored => ({ object: `Service ${service}`, reason })),
      );
      return { node, servicePorts, ignored: [...inventory.ignored(), ...planned].sort(compareIgnored) };
    },
  };
}

const NOTHING: ServicePlan = { servicePorts: [], problems: [] };

function contextOf(config: PlanConfig, node: NodeState, zone: string | undefined): PlanContext {
  const { nodeName, preferSameTrafficDistribution, masqueradeAll } = config;
  return {
    topology: { nodeName, zone, preferSameTrafficDistribution },
    primary: { IPv4: primaryAddress(node.addresses, 'IPv4'), IPv6: primaryAddress(node.addresses, 'IPv6') },
    hasDetector: {
      IPv4: node.localDetector.IPv4 !== undefined,
      IPv6: node.localDetector.IPv6 !== undefined,
    },
    masqueradeAll,
  };
}

function claimsOf(plan: ServicePlan): readonly string[] {
  return exact(
    plan.servicePorts.flatMap((servicePort) =>
      servicePort.frontends.map((frontend) => nameFrontend(frontend, servicePort)),
    ),
  );
}

/** Leaves a Service only the frontends that nobody older claims. */
function settle(plan: ServicePlan, service: string, winner: (name: string) => string | undefined): ServicePlan {
  const problems = collectProblems();
  const servicePorts: ServicePort[] = [];
  for (const servicePort of plan.servicePorts) {
    const frontends = servicePort.frontends.filter((frontend) => {
      const name = nameFrontend(frontend, servicePort);
      const owner = winner(name);
      if (owner === service) return true;
      problems.add(`${frontend.kind} ${name} belongs to Service "${owner}", the older one: change either of them`);
      return false;
    });
    if (frontends.length === servicePort.frontends.length) servicePorts.push(servicePort);
    else if (frontends.length > 0) servicePorts.push({ ...servicePort, frontends });
  }
  return { servicePorts, problems: [...plan.problems, ...problems.reasons()] };
}

/** Small inert values only. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function compareIgnored(a: Ignored, b: Ignored): number {
  if (a.object !== b.object) return a.object < b.object ? -1 : 1;
  return a.reason < b.reason ? -1 : Number(a.reason > b.reason);
}
