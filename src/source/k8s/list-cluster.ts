import { SysError } from '../../errors.ts';
import type { OpSink } from '../source.ts';
import type { Access } from './access/access.ts';
import { createApi } from './api.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { listPages } from './list-pages.ts';
import { ENDPOINT_SLICES, ownNode, SERVICES } from './resource.ts';
import { createTold } from './told.ts';

/** Tells what the cluster has now, once. Rejects with SysError where a part of it can't be had. */
export async function listCluster(access: Access, nodeName: string, sink: OpSink): Promise<void> {
  const api = createApi(access, DEFAULT_LIMITS);
  const { signal } = new AbortController();
  try {
    for (const resource of [ownNode(nodeName), SERVICES, ENDPOINT_SLICES]) {
      const told = createTold(resource.kind);
      const listed = await listPages({ api, resource, told, sink, isJsonOnly: false, signal });
      if (listed.kind === 'listed') continue;
      const { reason } = listed.trouble;
      throw new SysError({
        operation: `list ${resource.name} of`,
        target: access.server.origin,
        errno: 0,
        code: reason,
      });
    }
  } finally {
    api.close();
  }
  sink([{ op: 'sync' }]);
}
