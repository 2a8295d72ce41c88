import { afterAll, beforeAll, expect, it } from 'vitest';
import { commit } from '../../src/backend/bpf/commit.ts';
import { diff, diffAll } from '../../src/backend/bpf/diff.ts';
import { observe } from '../../src/backend/bpf/observe.ts';
import { collectVips, GRACE_MS, retire } from '../../src/backend/bpf/retire.ts';
import { verify } from '../../src/backend/bpf/verify.ts';
import type { Write } from '../../src/backend/bpf/write.ts';
import { toPlanConfig } from '../../src/config.ts';
import type { Ip } from '../../src/model/ip.ts';
import { parseObject } from '../../src/model/object.ts';
import { createPlanner, type Planner } from '../../src/plan/planner.ts';
import type { DataplaneState } from '../../src/plan/state.ts';
import { CLUSTER_CIDRS, NODE_NAME } from '../support/addresses.ts';
import { Agent } from '../support/agent.ts';
import { type CrashChange, crashChange, OWN_PORTS, SECOND_NODE } from '../support/crash-change.ts';
import { allowedWords, clientsOf, type Dial, makeDial, nameDial, type Word } from '../support/crash-client.ts';
import type { Lab } from '../support/lab.ts';
import { nodeAddresses } from '../support/node-addresses.ts';
import { PinnedMaps } from '../support/pinned-maps.ts';
import { createServingLab, PORT, VIP } from '../support/world.ts';

// An agent is gone after every single write of a change. What is left must serve as before or as after, and the
// next start must finish it.

/** So often a real agent finishes the change; else its observe, diff and commit do, in this process. */
const EVERY_AGENT_START = 40;

let lab: Lab;
let maps: PinnedMaps;
let change: CrashChange;
let standing: readonly object[];
let deviceAddresses: readonly Ip[];

beforeAll(async () => {
  lab = await createServingLab({ kind: 'routed' });
  await lab.node.ip([
    `address add ${SECOND_NODE.ipv4}/24 dev eth0`,
    `address add ${SECOND_NODE.ipv6}/64 dev eth0 nodad`,
  ]);
  await lab.pod('b').probe.serve('b', OWN_PORTS.b);
  await lab.pod('r').probe.serve('r', OWN_PORTS.r);
  change = crashChange(lab);
  standing = await lab.manifests.read('services');
  deviceAddresses = await nodeAddresses(lab);
  // One file: the agent must take the change as one.
  await lab.manifests.remove('node');
  await lab.manifests.write('change', change.before);
}, 60_000);
afterAll(async () => {
  maps?.[Symbol.dispose]();
  await lab?.dispose();
});

it('a commit cut off after any number of writes serves the old or the new, and the next start ends it', async () => {
  const agent = await Agent.start(lab);
  maps = PinnedMaps.open(lab);
  const snapshot = maps.snapshot();
  const planner = planAll(change.before);
  const old = planner.state();
  const before: DataplaneState = { ...old, servicePorts: new Map(old.servicePorts) };
  expect(finish(before)).toEqual([]); // the agent's plan is ours
  const { changing, freeing } = planWrites(planner);
  const writes = [...changing, ...freeing];
  const after = planner.state();
  expect(new Set(writes.map(nameKind))).toEqual(new Set(EVERY_KIND));

  await lab.manifests.write('change', change.after);
  const updated = await agent.logged('dataplane updated');
  expect({ cause: updated['cause'], writes: updated['writes'] }).toEqual({ cause: 'change', writes: changing.length });
  await agent.kill();

  maps.restore(snapshot);
  const { connection } = await lab.pod('a').rawProbe.open({ host: VIP.web.ipv4, port: PORT });
  const dials = everyDial(before, after);
  const problems: string[] = [];
  let crashes = 0;
  for (let index = 0; index <= writes.length; index += 1) {
    maps.restore(snapshot);
    crashes += commit(writes, maps.kernel, index) === index ? 1 : 0;
    const { broken, unfinished } = verify(observe(maps.kernel));
    const isWhole = index === 0 || index === writes.length;
    const found = [...broken, ...(isWhole ? unfinished : []), ...(await surprises(dials))];
    if ((await lab.pod('a').rawProbe.echo(connection)).kind !== 'echoed') found.push('an open connection broke');
    if (index % EVERY_AGENT_START === 1) {
      await (await Agent.start(lab)).kill();
      found.push(...(await surprises(everyDial(after, after))));
    } else {
      finish(after);
    }
    found.push(...finish(after).map((write) => `the next start left ${describe(write)}`));
    problems.push(...found.map((each) => `after ${index} writes, the last ${describe(writes[index - 1])}: ${each}`));
  }
  expect(problems).toEqual([]);
  expect(crashes).toBe(writes.length + 1);
  console.log(`cut off after each of ${writes.length} writes, ${freeing.length} of them after the change's own`);
}, 360_000);

/** What a running agent writes for the change, and later, when nobody needs what it gave up. */
function planWrites(planner: Planner): { readonly changing: readonly Write[]; readonly freeing: readonly Write[] } {
  replan(planner, change.after);
  const delta = planner.plan();
  const { node } = planner.state();
  const image = observe(maps.kernel);
  const nowMs = performance.now();
  const changing = [...diff(image, { ...delta, node, environment: { deviceAddresses }, nowMs })].flat();
  return { changing, freeing: [...retire(image, nowMs + 2 * GRACE_MS), ...collectVips(image, new Set())] };
}

interface ExpectedDial {
  readonly dial: Dial;
  readonly allowed: readonly Word[];
}

function everyDial(before: DataplaneState, after: DataplaneState): readonly ExpectedDial[] {
  const servers = new Map(
    ['a', 'b', 'r'].flatMap((name) =>
      Object.values(lab.pod(name).addresses).map((address) => [address, name] as const),
    ),
  );
  return clientsOf(lab).flatMap((client) =>
    change.vips.flatMap((vip) =>
      (['tcp', 'udp'] as const).map((protocol) => {
        const dial = { client, vip, protocol };
        return { dial, allowed: [...allowedWords(before, dial, servers), ...allowedWords(after, dial, servers)] };
      }),
    ),
  );
}

/** Dials all at once; a sentence for each that meets neither the old nor the new. */
async function surprises(dials: readonly ExpectedDial[]): Promise<readonly string[]> {
  const outcomes = await Promise.all(
    dials.map(async ({ dial, allowed }) => ({ dial, allowed, met: await makeDial(dial, allowed.includes('silent')) })),
  );
  return outcomes
    .filter(({ allowed, met }) => !allowed.includes(met))
    .map(({ dial, allowed, met }) => `${nameDial(dial)} met ${met} instead of ${allowed.join(' or ')}`);
}

/** As the next start does: looks at the maps and writes what is missing. Returns what it wrote. */
function finish({ servicePorts, node }: DataplaneState): readonly Write[] {
  const nowMs = performance.now();
  const image = observe(maps.kernel);
  const writes = [...diffAll(image, { servicePorts, node, environment: { deviceAddresses }, nowMs })].flat();
  commit(writes, maps.kernel);
  return writes;
}

function planAll(objects: readonly object[]): Planner {
  const values = new Map<string, string | readonly string[]>([
    ['hostname-override', NODE_NAME],
    ['cluster-cidr', CLUSTER_CIDRS],
  ]);
  const planner = createPlanner(toPlanConfig(values, ''));
  replan(planner, objects);
  planner.plan();
  return planner;
}

/** Everything anew, as after a new listing. */
function replan(planner: Planner, objects: readonly object[]): void {
  planner.apply({ op: 'reset' });
  for (const raw of [...standing, ...objects]) {
    const parsed = parseObject(raw);
    if (!parsed.ok) throw new Error(parsed.reason);
    planner.apply({ op: 'set', object: parsed.value });
  }
  planner.apply({ op: 'sync' });
}

const EVERY_KIND = [
  'store-backend',
  'store-slots',
  'store-column',
  'store-policy',
  'store-config',
  'drain',
  'put vips',
  'put frontends',
  'put members',
  'put service_names',
  'put source_ranges',
  'delete vips',
  'delete frontends',
  'delete members',
  'delete service_names',
  'delete source_ranges',
  'delete service_counters',
  'delete backend_counters',
];

function nameKind(write: Write): string {
  return write.kind === 'put' || write.kind === 'delete' ? `${write.kind} ${write.map}` : write.kind;
}

function describe(write: Write | undefined): string {
  return write === undefined
    ? 'none'
    : JSON.stringify(write, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}
