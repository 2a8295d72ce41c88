import type { Access } from '../../src/source/k8s/access/access.ts';
import type { KubeApi } from './kube-api.ts';

/** The way to a real API server, or to a port that leads to it. */
export function accessTo(
  api: KubeApi,
  options: { readonly token?: () => string; readonly port?: number } = {},
): Access {
  const server = new URL(api.url);
  if (options.port !== undefined) server.port = String(options.port);
  return {
    server,
    trust: async () => ({ ca: api.ca }),
    authorization: async () => `Bearer ${options.token?.() ?? api.admin.token}`,
  };
}
