import { NODE } from '../conformance/objects.ts';
import { eventually } from './deadline.ts';
import type { KubeClient } from './kube-client.ts';

const NAMESPACE = '/api/v1/namespaces/default';

/** This node, with an address. */
export async function makeNode(admin: KubeClient, name = NODE): Promise<void> {
  await admin.do('POST', '/api/v1/nodes', { metadata: { name }, spec: { podCIDRs: ['10.1.0.0/24'] } });
  await admin.patch(`/api/v1/nodes/${name}/status`, {
    status: { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] },
  });
}

/** A Service of port 80 that selects Pods labelled with its name. */
export function makeService(admin: KubeClient, name: string, over: object = {}): Promise<unknown> {
  return admin.do('POST', `${NAMESPACE}/services`, {
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }], ...over },
  });
}

export function serviceUrl(name: string): string {
  return `${NAMESPACE}/services/${name}`;
}

/** A Pod on this node as a kubelet would tell it: running, with an address, ready or not. */
export async function makePod(admin: KubeClient, name: string, app: string, ip: string): Promise<void> {
  await admin.do('POST', `${NAMESPACE}/pods`, {
    metadata: { name, labels: { app }, finalizers: ['test/held'] },
    spec: { nodeName: NODE, containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 8080 }] }] },
  });
  await setReady(admin, name, false, { phase: 'Running', podIP: ip, podIPs: [{ ip }] });
}

export function setReady(admin: KubeClient, name: string, ready: boolean, more: object = {}): Promise<unknown> {
  const conditions = ['Ready', 'ContainersReady'].map((type) => ({ type, status: ready ? 'True' : 'False' }));
  return admin.patch(`${NAMESPACE}/pods/${name}/status`, { status: { conditions, ...more } });
}

/** It is told to end and does not: terminating. */
export function terminate(admin: KubeClient, name: string): Promise<unknown> {
  return admin.do('DELETE', `${NAMESPACE}/pods/${name}?gracePeriodSeconds=300`);
}

/** Gone for good. */
export async function removePod(admin: KubeClient, name: string): Promise<void> {
  await admin.ask('DELETE', `${NAMESPACE}/pods/${name}?gracePeriodSeconds=0`);
  await admin.ask(
    'PATCH',
    `${NAMESPACE}/pods/${name}`,
    { metadata: { finalizers: null } },
    { 'content-type': 'application/merge-patch+json' },
  );
  await eventually('the end of the Pod', async () => {
    const { status } = await admin.ask('GET', `${NAMESPACE}/pods/${name}`);
    return status === 404 ? true : undefined;
  });
}
