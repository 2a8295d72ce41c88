import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { NODE, NODE_NAME } from '../../../test/support/addresses.ts';
import { KubeApi, type SeededObject } from '../../../test/support/kube-api.ts';
import { Lab } from '../../../test/support/lab.ts';
import { localPod } from '../../../test/support/lab-spec.ts';
import { Relay } from '../../../test/support/relay.ts';
import { CLUSTER_IPS, OWN_CLUSTER_IPS, serviceWithSlice } from '../cluster-objects.ts';
import { cpuMsOf } from '../process-usage.ts';
import { startAnswerer } from './answerer.ts';
import { Dialler } from './dialler.ts';

export const SERVICE_PORT = 80;
/** Pods that serve. */
export const BACKENDS = ['b', 'c'] as const;
export type BackendName = (typeof BACKENDS)[number];
/** Where the API is for processes of the node. */
export const INNER_PORT = 6443;

const MARKERS = 10;
const MARKER_PORT = 8080;
const STEADY_PORT = 8081;
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

export function otherThan(backend: BackendName): BackendName {
  return backend === 'b' ? 'c' : 'b';
}

/** A Service whose endpoint moves, and answers. */
export interface Marker {
  readonly name: string;
  readonly clusterIp: string;
}

/**
 * A real API server, and a lab whose node reaches it through a relay: markers, whose endpoint is pod b or c; one Service
 * that stays as it is; and any number of others.
 */
export class ApiWorld implements AsyncDisposable {
  readonly api: KubeApi;
  readonly lab: Lab;
  readonly #relay: Relay;
  readonly dialler: Dialler;
  readonly markers: readonly Marker[];
  readonly steady: Marker;
  /** Where all markers are, but for one that is on its way. */
  home: BackendName = 'b';
  #seeded = 0;

  private constructor(parts: Pick<ApiWorld, 'api' | 'lab' | 'dialler' | 'markers' | 'steady'> & { relay: Relay }) {
    this.api = parts.api;
    this.lab = parts.lab;
    this.#relay = parts.relay;
    this.dialler = parts.dialler;
    this.markers = parts.markers;
    this.steady = parts.steady;
  }

  static async create(): Promise<ApiWorld> {
    const api = await KubeApi.start({ clusterIps: CLUSTER_IPS });
    let lab: Lab | undefined;
    let relay: Relay | undefined;
    try {
      lab = await Lab.create({
        wiring: { kind: 'routed' },
        pods: ['a', ...BACKENDS].map((name, at) => localPod(name, at + 1)),
      });
      relay = await Relay.start(lab.node, lab.folder, { inner: INNER_PORT, outer: api.port });
      for (const name of BACKENDS) await startAnswerer(lab, name, MARKER_PORT);
      await lab.pod('b').probe.serve('b', STEADY_PORT);
      await makeNode(api);
      const markers: Marker[] = [];
      for (let each = 0; each < MARKERS; each++) {
        const marker = { name: `marker-${each}`, clusterIp: `${OWN_CLUSTER_IPS}.${10 + each}` };
        markers.push(await publish({ api, lab }, marker, MARKER_PORT));
      }
      const steady = await publish({ api, lab }, { name: 'steady', clusterIp: `${OWN_CLUSTER_IPS}.9` }, STEADY_PORT);
      const dialler = await Dialler.start(lab, 'a');
      const world = new ApiWorld({ api, lab, relay, dialler, markers, steady });
      writeFileSync(world.kubeconfig, api.kubeconfig(api.admin.token, `https://127.0.0.1:${INNER_PORT}`));
      return world;
    } catch (error) {
      await relay?.[Symbol.asyncDispose]();
      await lab?.dispose();
      await api[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** For processes of the node. */
  get kubeconfig(): string {
    return join(this.lab.folder, 'kubeconfig');
  }

  /** How many Services there are beside the markers. */
  get seeded(): number {
    return this.#seeded;
  }

  /** Fills up to so many Services of 10 endpoints, and waits until the server has nothing to do with them any more. */
  async seed(services: number): Promise<void> {
    const missing = Array.from({ length: services - this.#seeded }, (_, index) =>
      serviceWithSlice(this.#seeded + index),
    );
    await this.api.seed(missing.flat() as readonly SeededObject[]); // as the API has them
    this.#seeded = services;
    await settle(this.api.serverPid);
  }

  /** Resolves when the server has written it. */
  async move(marker: Marker, to: BackendName): Promise<void> {
    await this.api.admin.patch(`${SLICES}/${marker.name}`, { endpoints: [endpointOf(this.lab, to)] });
  }

  /** A change that no client sees: the last endpoint of a Service that is no marker. */
  async stir(index: number, salt: number): Promise<void> {
    const name = `service-${index}-${index.toString(36)}`;
    const address = `10.${200 + (salt % 50)}.${(index >> 8) & 255}.${index & 255}`;
    const change = [{ op: 'replace', path: '/endpoints/9/addresses/0', value: address }];
    await this.api.admin.do('PATCH', `${SLICES}/${name}`, change, { 'content-type': 'application/json-patch+json' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dialler.close();
    await this.#relay[Symbol.asyncDispose]();
    await this.lab.dispose();
    await this.api[Symbol.asyncDispose]();
  }
}

async function makeNode({ admin }: KubeApi): Promise<void> {
  await admin.do('POST', '/api/v1/nodes', { metadata: { name: NODE_NAME } });
  await admin.patch(`/api/v1/nodes/${NODE_NAME}/status`, {
    status: { addresses: [{ type: 'InternalIP', address: NODE.ipv4 }] },
  });
}

async function publish(
  { api: { admin }, lab }: Pick<ApiWorld, 'api' | 'lab'>,
  { name, clusterIp }: Marker,
  targetPort: number,
): Promise<Marker> {
  await admin.do('POST', '/api/v1/namespaces/default/services', {
    metadata: { name },
    spec: { clusterIP: clusterIp, ports: [{ port: SERVICE_PORT, targetPort }] },
  });
  await admin.do('POST', SLICES, {
    metadata: { name, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: '', port: targetPort }],
    endpoints: [endpointOf(lab, 'b')],
  });
  return { name, clusterIp };
}

function endpointOf(lab: Lab, backend: BackendName): object {
  return { addresses: [lab.pod(backend).addresses.ipv4], nodeName: NODE_NAME, conditions: { ready: true } };
}

const LOOK_MS = 1_000;
const IDLE_MS = 100;
const LONGEST_SETTLE_MS = 120_000;

/** An API server looks at each new Service on its own account, for its books of addresses. */
async function settle(pid: number): Promise<void> {
  const end = performance.now() + LONGEST_SETTLE_MS;
  for (let used = Number.POSITIVE_INFINITY; used > IDLE_MS; ) {
    if (performance.now() > end) throw new Error(`Cannot measure: the API server is busy for ${LONGEST_SETTLE_MS} ms`);
    const before = cpuMsOf(pid);
    await pause(LOOK_MS);
    used = cpuMsOf(pid) - before;
  }
}
