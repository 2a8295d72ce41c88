import type { KubeClient } from './kube-client.ts';

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const ACCOUNTS = '/api/v1/namespaces/kube-system/serviceaccounts';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const MISSING = 404;

/** An account of kube-system with these rights, for the whole cluster; gives a token of it. */
export async function makeAccount(admin: KubeClient, name: string, rules: readonly Rule[]): Promise<string> {
  await admin.do('POST', ACCOUNTS, { metadata: { name } });
  await setRules(admin, name, rules);
  await admin.do('POST', `${RBAC}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace: 'kube-system' }],
  });
  return makeToken(admin, name);
}

export async function setRules(admin: KubeClient, name: string, rules: readonly Rule[]): Promise<void> {
  const { status } = await admin.ask('GET', `${RBAC}/clusterroles/${name}`);
  if (status === MISSING) await admin.do('POST', `${RBAC}/clusterroles`, { metadata: { name }, rules });
  else await admin.patch(`${RBAC}/clusterroles/${name}`, { rules });
}

export async function makeToken(admin: KubeClient, name: string): Promise<string> {
  const answer = await admin.do('POST', `${ACCOUNTS}/${name}/token`, { spec: { expirationSeconds: 3600 } });
  return (answer as { readonly status: { readonly token: string } }).status.token;
}

/** Every token of it is void from now on. */
export async function renewAccount(admin: KubeClient, name: string): Promise<string> {
  await admin.do('DELETE', `${ACCOUNTS}/${name}`);
  await admin.do('POST', ACCOUNTS, { metadata: { name } });
  return makeToken(admin, name);
}
