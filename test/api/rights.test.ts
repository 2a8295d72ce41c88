import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inClusterAccess } from '../../src/source/k8s/access/in-cluster.ts';
import { NODE } from '../conformance/objects.ts';
import { run } from '../support/command.ts';
import { eventually } from '../support/deadline.ts';
import { Followed } from '../support/followed.ts';
import { accessTo } from '../support/kube-access.ts';
import { KubeApi } from '../support/kube-api.ts';
import { makeNode, makeService } from '../support/kube-objects.ts';
import { REPOSITORY } from '../support/repository.ts';
import { makeAccount, makeToken, type Rule, renewAccount, setRules } from '../support/service-account.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

const START_MS = 120_000;
const SYNC_MS = 30_000;
const TEST_MS = 120_000;

/** What deploy/ gives the agent. */
const RULES = deployedRules();

let api: KubeApi;
let token: string;
const folder = mkdtempSync(join(tmpdir(), 'bpfsvc-rights-'));

beforeAll(async () => {
  api = await KubeApi.start();
  await makeNode(api.admin);
  await makeService(api.admin, 'web');
  token = await makeAccount(api.admin, 'bpfsvc', RULES);
}, START_MS);

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await api?.[Symbol.asyncDispose]();
});

function deployedRules(): readonly Rule[] {
  const documents = loadAll(readFileSync(join(REPOSITORY, 'deploy/cluster-role.yaml'), 'utf8'));
  const roles = documents.filter((document): document is { kind: string; rules: Rule[] } => {
    return (document as { readonly kind: string }).kind === 'ClusterRole'; // our own file
  });
  return roles.flatMap(({ rules }) => rules);
}

async function synced(followed: Followed): Promise<void> {
  const ask = (): true | undefined => (followed.syncs > 0 ? true : undefined);
  await eventually('sync', ask, SYNC_MS).catch((error: Error) => {
    throw new Error(`${error.message}: ${followed.told.join('; ')}`, { cause: error });
  });
}

async function says(followed: Followed, ...parts: readonly string[]): Promise<void> {
  const ask = (): true | undefined =>
    followed.told.some((line) => parts.every((part) => line.includes(part))) ? true : undefined;
  await eventually(parts.join(' … '), ask, SYNC_MS).catch((error: Error) => {
    throw new Error(`${error.message}: ${followed.told.join('; ')}`, { cause: error });
  });
}

function without(resource: string, verb: string): readonly Rule[] {
  return RULES.map((rule) =>
    rule.resources.includes(resource) ? { ...rule, verbs: rule.verbs.filter((each) => each !== verb) } : rule,
  );
}

const RESOURCES = [
  ['services', ''],
  ['endpointslices', 'discovery.k8s.io'],
  ['nodes', ''],
] as const;

function refusals(verb: 'list' | 'watch'): void {
  test.each(RESOURCES)(
    `the missing right to ${verb} %s is named, and when it is given all is well`,
    async (resource, group) => {
      await setRules(api.admin, 'bpfsvc', without(resource, verb));
      await using followed = new Followed(accessTo(api, { token: () => token }));
      await says(
        followed,
        `we may not ${verb} ${resource}`,
        `add the rule {apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["list", "watch"]}`,
      );
      expect(followed.syncs).toBe(0);
      await setRules(api.admin, 'bpfsvc', RULES);
      await synced(followed);
      expect(followed.names).toContain('Service default/web');
    },
    TEST_MS,
  );
}

test(
  'what deploy/ gives is enough',
  async () => {
    await using followed = new Followed(accessTo(api, { token: () => token }));
    await synced(followed);
    expect(followed.names).toEqual(expect.arrayContaining(['Node node-a', 'Service default/web']));
    expect(followed.told).toEqual([]);
  },
  TEST_MS,
);

refusals('watch');

test(
  'a token that is renewed in its file is used; until then the log says why',
  async () => {
    await using proxy = await startTcpProxy(api.port);
    writeFileSync(join(folder, 'ca.crt'), api.ca);
    writeFileSync(join(folder, 'token'), await makeToken(api.admin, 'bpfsvc'));
    const server = `https://127.0.0.1:${proxy.port}`;
    await using followed = new Followed(inClusterAccess({ server, environment: {}, folder }));
    await synced(followed);
    token = await renewAccount(api.admin, 'bpfsvc');
    // The server believes for some seconds what it knew of a token.
    const cutting = setInterval(() => proxy.cut(), 1000);
    await says(followed, 'it does not know us (401', 'renew the token').finally(() => clearInterval(cutting));
    writeFileSync(join(folder, 'token'), token);
    await makeService(api.admin, 'renewed');
    await eventually(
      'the change',
      () => (followed.names.includes('Service default/renewed') ? true : undefined),
      SYNC_MS,
    );
    expect(followed.ops.filter(({ op }) => op === 'delete' || op === 'reset')).toEqual([]);
  },
  TEST_MS,
);

test(
  'bpfsvc plan reads the cluster of a kubeconfig, or says what it may not',
  async () => {
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, api.kubeconfig(token));
    const plan = [join(REPOSITORY, 'bin/bpfsvc'), 'plan', '--kubeconfig', kubeconfig, '--hostname-override', NODE];
    const state = JSON.parse(await run([...plan, '-o', 'json'])) as { readonly frontends: readonly object[] };
    expect(state.frontends).toEqual(expect.arrayContaining([expect.objectContaining({ service: 'default/web' })]));
    await setRules(api.admin, 'bpfsvc', without('endpointslices', 'list'));
    await expect(run(plan)).rejects.toThrow(
      `Cannot list endpointslices of "${api.url}": we may not list endpointslices (403`,
    );
    await setRules(api.admin, 'bpfsvc', RULES);
  },
  TEST_MS,
);

test(
  'a server without WatchList is listed by pages',
  async () => {
    await api.stopServer();
    await api.startServer({ 'feature-gates': 'WatchList=false' });
    await using followed = new Followed(accessTo(api, { token: () => token }));
    await synced(followed);
    await makeService(api.admin, 'paged');
    await eventually(
      'the change',
      () => (followed.names.includes('Service default/paged') ? true : undefined),
      SYNC_MS,
    );
    expect(followed.told).toEqual([]);
  },
  TEST_MS,
);

refusals('list');
