import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { NODE, NODE_NAME } from '../support/addresses.ts';
import { Agent } from '../support/agent.ts';
import { eventually } from '../support/deadline.ts';
import { KubeApi } from '../support/kube-api.ts';
import { makeService, serviceUrl } from '../support/kube-objects.ts';
import { Lab } from '../support/lab.ts';
import { localPod } from '../support/lab-spec.ts';
import { Relay } from '../support/relay.ts';

const START_MS = 120_000;
const TEST_MS = 200_000;
const SYNC_MS = 60_000;
const CHANGE_MS = 20_000;
const INNER_PORT = 6443;
const TARGET_PORT = 8080;

let api: KubeApi;
let lab: Lab;
let relay: Relay;
let source: readonly string[];

beforeAll(async () => {
  api = await KubeApi.start();
  lab = await Lab.create({ wiring: { kind: 'routed' }, pods: [localPod('a', 1), localPod('b', 2)] });
  await lab.pod('b').probe.serve('b', TARGET_PORT);
  relay = await Relay.start(lab.node, lab.folder, { inner: INNER_PORT, outer: api.port });
  await api.admin.do('POST', '/api/v1/nodes', { metadata: { name: NODE_NAME } });
  await api.admin.patch(`/api/v1/nodes/${NODE_NAME}/status`, {
    status: { addresses: [{ type: 'InternalIP', address: NODE.ipv4 }] },
  });
  const kubeconfig = join(lab.folder, 'kubeconfig');
  writeFileSync(kubeconfig, api.kubeconfig(api.admin.token, `https://127.0.0.1:${INNER_PORT}`));
  source = ['--kubeconfig', kubeconfig];
}, START_MS);

afterAll(async () => {
  await relay?.[Symbol.asyncDispose]();
  await lab?.dispose();
  await api?.[Symbol.asyncDispose]();
}, START_MS);

const running = new Set<Agent>();

afterEach(async () => {
  for (const agent of running) await agent.kill();
  running.clear();
});

async function launch(): Promise<Agent> {
  const agent = await Agent.launch(lab, { source });
  running.add(agent);
  return agent;
}

/** An API server runs beside it: a start may take its time. */
async function inSync(agent: Agent): Promise<void> {
  await agent.logged('dataplane in sync', SYNC_MS);
}

/** A Service that pod b serves; gives its ClusterIP. */
async function publish(name: string): Promise<string> {
  const service = await makeService(api.admin, name);
  await api.admin.do('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
    metadata: { name, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: '', port: TARGET_PORT }],
    endpoints: [{ addresses: [lab.pod('b').addresses.ipv4], nodeName: NODE_NAME, conditions: { ready: true } }],
  });
  return (service as { readonly spec: { readonly clusterIP: string } }).spec.clusterIP;
}

/** "answered", "silent", or the errno's name. */
async function answerOf(host: string): Promise<string> {
  const outcome = await lab.pod('a').probe.connect({ host, port: 80, timeoutMs: 500 });
  return outcome.kind === 'failed' ? outcome.code : outcome.kind;
}

async function becomes(host: string, answer: string): Promise<void> {
  await eventually(`${host} ${answer}`, async () => ((await answerOf(host)) === answer ? true : undefined), CHANGE_MS);
}

test(
  'the agent serves what the API says, as it changes',
  async () => {
    const first = await publish('first');
    const agent = await launch();
    await inSync(agent);
    expect(await answerOf(first)).toBe('answered');
    const second = await publish('second');
    await becomes(second, 'answered');
    await api.admin.do('DELETE', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/second');
    await becomes(second, 'ECONNREFUSED');
    expect(await agent.stop()).toBe(0);
    expect(await answerOf(first)).toBe('answered');
  },
  TEST_MS,
);

test(
  'without the API all stays as it was, also across a restart of the agent; then it catches up',
  async () => {
    const kept = await publish('kept');
    const agent = await launch();
    await inSync(agent);
    expect(await answerOf(kept)).toBe('answered');
    await api.stopServer();
    await agent.logged('api server fails us, the dataplane stays as it is', SYNC_MS);
    expect(await answerOf(kept)).toBe('answered');
    await agent.kill();
    const next = await launch();
    await next.logged('api server fails us, the dataplane stays as it is', SYNC_MS);
    expect(await answerOf(kept)).toBe('answered');
    await api.startServer();
    await inSync(next);
    expect(await answerOf(kept)).toBe('answered');
    await api.admin.do('DELETE', serviceUrl('kept'));
    await eventually('its end', async () => ((await answerOf(kept)) === 'answered' ? undefined : true), CHANGE_MS);
    expect(await next.stop()).toBe(0);
  },
  TEST_MS,
);
