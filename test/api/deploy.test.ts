import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { load, loadAll } from 'js-yaml';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KubeApi } from '../support/kube-api.ts';
import { REPOSITORY } from '../support/repository.ts';

// A real API server takes deploy/ as it stands, and the rights it gives are those that the agent needs.

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Plural names, and whether objects live in a namespace. */
const RESOURCES: Readonly<Record<string, readonly [string, boolean]>> = {
  ServiceAccount: ['serviceaccounts', true],
  ClusterRole: ['clusterroles', false],
  ClusterRoleBinding: ['clusterrolebindings', false],
  DaemonSet: ['daemonsets', true],
};

let api: KubeApi;
beforeAll(async () => {
  api = await KubeApi.start();
}, 20 * 60_000); // its programs may have to be built
afterAll(() => api?.[Symbol.asyncDispose]());

it('creates every object, without an unknown field', async () => {
  for (const manifest of [...(await base()), ...(await read('cleanup.yaml'))]) {
    const created = await api.admin.do('POST', `${pathOf(manifest)}?fieldValidation=Strict`, manifest);
    expect(created).toMatchObject({ kind: manifest.kind, metadata: { name: manifest.metadata.name } });
  }
});

it('lets the agent read what it plans with, and nothing else', async () => {
  const path = '/api/v1/namespaces/kube-system/serviceaccounts/bpfsvc/token';
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const { status } = (await api.admin.do('POST', path, request)) as { readonly status: { readonly token: string } };
  using account = api.clientOf(status.token);
  const ask = async (path: string) => (await account.ask('GET', path)).status;
  for (const resource of ['/api/v1/services', '/apis/discovery.k8s.io/v1/endpointslices', '/api/v1/nodes']) {
    expect([resource, await ask(resource), await ask(`${resource}?watch=1&timeoutSeconds=1`)]).toEqual([
      resource,
      200,
      200,
    ]);
  }
  for (const refused of ['/api/v1/secrets', '/api/v1/pods', '/api/v1/nodes/n1', '/api/v1/namespaces/kube-system']) {
    expect([refused, await ask(refused)]).toEqual([refused, 403]);
  }
  const deletion = await account.ask('DELETE', '/api/v1/namespaces/default/services/kubernetes');
  expect(deletion.status).toBe(403);

  const folder = await mkdtemp(join(tmpdir(), 'bpfsvc-deploy-'));
  try {
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, api.kubeconfig(status.token));
    const argv = ['plan', '--kubeconfig', kubeconfig, '--hostname-override', 'n1', '-o', 'json'];
    const { stdout } = await promisify(execFile)(join(REPOSITORY, 'bin/bpfsvc'), argv);
    const plan = JSON.parse(stdout) as { readonly frontends: readonly { readonly service: string }[] };
    expect(plan.frontends.map(({ service }) => service)).toEqual(['default/kubernetes']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** What `kubectl apply -k deploy` applies. */
async function base(): Promise<readonly Manifest[]> {
  const text = await readFile(join(REPOSITORY, 'deploy/kustomization.yaml'), 'utf8');
  const { resources } = load(text) as { readonly resources: readonly string[] };
  return (await Promise.all(resources.map(read))).flat();
}

async function read(file: string): Promise<readonly Manifest[]> {
  return loadAll(await readFile(join(REPOSITORY, 'deploy', file), 'utf8')) as Manifest[];
}

function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const [plural, isNamespaced] = RESOURCES[kind] ?? [];
  if (plural === undefined) throw new Error(`Cannot tell the path of "${kind}"`);
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  return isNamespaced ? `${root}/namespaces/${metadata.namespace}/${plural}` : `${root}/${plural}`;
}
