import type { Logger } from 'pino';
import type { RunConfig } from '../config.ts';
import type { Source } from '../source/source.ts';
import { compactHeap } from '../sys/heap.ts';
import { openAccess } from './open-access.ts';

/** The source that the flags name; the modules of the others stay unread. */
export function openSource({ source, plan }: RunConfig, log: Logger): Source {
  return async (sink, signal) => {
    if (source.kind === 'manifests') {
      const { followManifests } = await import('../source/manifests/follow.ts');
      return followManifests({ directory: source.folder, sink, signal, log });
    }
    const { followCluster } = await import('../source/k8s/follow.ts');
    const access = await openAccess(source);
    log.info({ server: access.server.origin, source: source.kind }, 'agent follows the api server');
    const node = { name: plan.nodeName, podCidrs: plan.detectLocalMode === 'NodeCIDR' };
    return followCluster({ access, node, sink, signal, log, tidy: compactHeap });
  };
}
