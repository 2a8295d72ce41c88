import { bothOf, GATEWAY, NODE } from '../support/addresses.ts';
import { Agent, bpfsvc, pinFolder } from '../support/agent.ts';
import { eventually } from '../support/deadline.ts';
import type { Probe } from '../support/probe.ts';
import { ask, dialled, isOnly } from './ask.ts';
import { CART, COUPONS, NEWCOMER, PORT, type Stage, TARGET_PORT, WEB } from './stage.ts';
import type { Story } from './story.ts';

const TIMES = 20;
/** How long traffic runs before, between and after what happens to the agent. */
const SCENE_MS = 700;

export async function balance({ story, lab }: Stage): Promise<void> {
  story.chapter('One address, two pods: the ClusterIP of "web"');
  story.aside('connect() and sendmsg() themselves pick the pod: no packet ever carries the ClusterIP.');
  for (const host of bothOf(WEB)) {
    for (const asking of ['tcp', 'udp'] as const) {
      const tally = await ask(lab.pod('shopper').probe, asking, host, TIMES);
      story.result(`shopper → ${dialled(host)} ${asking}, ${TIMES} times`, tally.text, isOnly(tally, 'web-1', 'web-2'));
    }
  }
  await askFromNode(story, lab.node.probe);
}

async function askFromNode(story: Story, probe: Probe): Promise<void> {
  for (const host of bothOf(WEB)) {
    const tally = await ask(probe, 'tcp', host, TIMES);
    story.result(`node-a itself → ${dialled(host)} tcp, ${TIMES} times`, tally.text, isOnly(tally, 'web-1', 'web-2'));
  }
}

export async function disguise({ story, lab }: Stage): Promise<void> {
  story.chapter('What both ends see');
  const shopper = lab.pod('shopper');
  const outcome = await shopper.probe.connect({ host: WEB.ipv4, port: PORT });
  const [peer, client] = outcome.kind === 'answered' ? [outcome.peer, outcome.client] : [outcome.kind, outcome.kind];
  story.result('the shopper asks getpeername', `${peer}: the Service`, peer === dialled(WEB.ipv4));
  story.result('the web pod sees its client', `${client}: the shopper`, client === shopper.addresses.ipv4);
}

export async function packets({ story, lab }: Stage): Promise<void> {
  story.chapter('The same for clients without a socket of ours');
  story.aside("Sidecars, VMs, raw sockets: their packets meet us at the pod's wire, the node's own at its uplink.");
  for (const host of bothOf(WEB)) {
    for (const asking of ['tcp', 'udp'] as const) {
      const tally = await ask(lab.pod('shopper').rawProbe, asking, host, TIMES);
      story.result(`shopper → ${dialled(host)} ${asking}, ${TIMES} times`, tally.text, isOnly(tally, 'web-1', 'web-2'));
    }
  }
  await askFromNode(story, lab.node.rawProbe);
}

export async function hairpin({ story, lab }: Stage): Promise<void> {
  story.chapter('A pod that dials its own Service: "cart" calls "cart"');
  for (const family of ['ipv4', 'ipv6'] as const) {
    const outcome = await lab.pod('cart').rawProbe.connect({ host: CART[family], port: PORT });
    const came = outcome.kind === 'answered' ? `${outcome.server}, which sees ${outcome.client}` : outcome.kind;
    const isNode = outcome.kind === 'answered' && [NODE[family], GATEWAY[family]].includes(outcome.client);
    story.result(`cart → ${dialled(CART[family])} tcp`, came, isNode);
  }
}

export async function refuse({ story, lab }: Stage): Promise<void> {
  story.chapter('"coupons" has no endpoints: refused at once, not a long wait');
  const { probe, rawProbe } = lab.pod('shopper');
  const target = { port: PORT, timeoutMs: 1_000 };
  const attempts = [
    { by: 'tcp', outcome: await probe.connect({ ...target, host: COUPONS.ipv4 }) },
    { by: 'udp', outcome: await probe.exchange({ ...target, host: COUPONS.ipv6, connected: false }) },
    { by: 'tcp, by packets', outcome: await rawProbe.connect({ ...target, host: COUPONS.ipv6 }) },
    { by: 'udp, by packets', outcome: await rawProbe.exchange({ ...target, host: COUPONS.ipv4, connected: true }) },
  ];
  for (const { by, outcome } of attempts) {
    const came = outcome.kind === 'failed' ? outcome.code : outcome.kind;
    story.result(`shopper → coupons ${by}`, came, came === 'ECONNREFUSED');
  }
}

export async function change({ story, lab }: Stage): Promise<void> {
  story.chapter('Endpoints come and go, live');
  const { probe } = lab.pod('shopper');
  const follow = async (asked: string, ...names: readonly string[]) => {
    const start = performance.now();
    const tally = await eventually(names.join(' and '), async () => {
      const seen = await ask(probe, 'tcp', WEB.ipv4, TIMES);
      return isOnly(seen, ...names) ? seen : undefined;
    });
    story.result(asked, `${tally.text}  (${Math.round(performance.now() - start)} ms later)`, true);
  };
  const { connection } = await probe.open({ host: WEB.ipv4, port: PORT });
  await lab.manifests.write('web-newcomer', [newcomerSlice()]);
  await follow('a manifest adds web-3', 'web-1', 'web-2', 'web-3');
  await lab.manifests.remove('web-newcomer');
  await follow('the manifest is deleted', 'web-1', 'web-2');
  const echo = await probe.echo(connection);
  story.result(
    'a connection opened before',
    echo.kind === 'echoed' ? 'still talks' : 'is gone',
    echo.kind === 'echoed',
  );
}

export async function crash(stage: Stage): Promise<void> {
  const { story, lab } = stage;
  story.chapter('kill -9 the agent, under traffic');
  story.aside('New connections, open ones and datagrams run all the time, by sockets and by packets.');
  const probes = [lab.pod('shopper').probe, lab.pod('shopper').rawProbe, lab.node.probe];
  const kinds = ['new-tcp', 'held-tcp', 'new-udp'] as const;
  const stops = await Promise.all(
    probes.flatMap((probe) => kinds.map((kind) => probe.traffic(kind, { host: WEB.ipv4, port: PORT }, 100))),
  );
  await scene();
  await stage.agent.kill();
  story.say(`the agent (process ${stage.agent.pid}) is dead; its programs are not`);
  await scene();
  stage.agent = await Agent.start(lab);
  const sync = await stage.agent.logged('dataplane in sync');
  story.say(
    `a new agent (process ${stage.agent.pid}) read the kernel back and agrees with it after ${String(sync['tookMs'])} ms`,
  );
  await scene();
  const reports = await Promise.all(stops.map((stop) => stop()));
  const answered = sum(reports.map((report) => report.answered));
  const failed = sum(reports.flatMap((report) => Object.values(report.failures)));
  const slowest = Math.max(...reports.map((report) => report.slowestMs));
  story.result(
    `${answered + failed} requests meanwhile`,
    `${failed} failed, the slowest took ${slowest} ms`,
    failed === 0,
  );
}

export async function look({ story, lab }: Stage): Promise<void> {
  story.chapter('What the kernel holds: bpfsvc dump services');
  const blocks = (await bpfsvc(lab, ['dump', 'services', '--bpffs', pinFolder(lab)])).trimEnd().split('\n\n');
  const shown = blocks.filter((block) => /^shop\/web:.*IPv4/.test(block));
  story.say(shown.join('\n\n'));
  story.aside(`… and ${blocks.length - shown.length} more`);
}

function newcomerSlice(): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-newcomer', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: ['tcp', 'udp'].map((name) => ({ name, protocol: name.toUpperCase(), port: TARGET_PORT })),
    endpoints: [{ addresses: [NEWCOMER.ipv4], conditions: { ready: true }, nodeName: 'node-a' }],
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function scene(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SCENE_MS));
}
