import type { SourceConfig } from '../config.ts';
import type { Access } from '../source/k8s/access/access.ts';

/** The way to the API server that the flags name. Rejects with ConfigError. */
export async function openAccess(source: Exclude<SourceConfig, { readonly kind: 'manifests' }>): Promise<Access> {
  if (source.kind === 'kubeconfig') {
    const { kubeconfigAccess } = await import('../source/k8s/access/kubeconfig.ts');
    return kubeconfigAccess(source);
  }
  const { inClusterAccess } = await import('../source/k8s/access/in-cluster.ts');
  return inClusterAccess({ server: source.server, environment: process.env });
}
