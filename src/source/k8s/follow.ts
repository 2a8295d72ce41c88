import type { Logger } from 'pino';
import type { Op } from '../../model/op.ts';
import type { OpSink } from '../source.ts';
import type { Access } from './access/access.ts';
import { createApi } from './api.ts';
import { createApiGuard } from './api-guard.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { createOwnNode, type NodeNeeds } from './own-node.ts';
import { reflect } from './reflect.ts';
import { ENDPOINT_SLICES, ownNode, type Resource, SERVICES } from './resource.ts';
import { createTroubleLog } from './trouble-log.ts';

export interface FollowOptions {
  readonly access: Access;
  readonly node: NodeNeeds;
  readonly sink: OpSink;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly limits?: Limits;
  /** Gives free memory back to the system; default: that is left to Node. */
  readonly tidy?: () => void;
}

/** The source `k8s`: tells what the cluster has, `sync` once all of it is there, then changes until the signal aborts. */
export async function followCluster(options: FollowOptions): Promise<void> {
  const { access, sink, signal, log, limits = DEFAULT_LIMITS, tidy = () => undefined } = options;
  const api = createApi(access, limits);
  const server = access.server.origin;
  const guard = createApiGuard(access.server.hostname);
  const own = createOwnNode(options.node);
  const troubles = createTroubleLog(log, server);
  const resources = [ownNode(options.node.name), SERVICES, ENDPOINT_SLICES];
  const unlisted = new Set(resources);
  let isSynced = false;
  let missing: string | undefined;

  const keep = (op: Op): readonly Op[] => {
    const kept = own.keep(op) ? guard(op) : [];
    if (kept.length === 0 && (op.op === 'delete' || op.op === 'set')) {
      const { kind, name } = op.op === 'set' ? op.object : op;
      log.warn({ object: `${kind} ${name}` }, 'we would cut ourselves off without this object: its last state holds');
    }
    return kept;
  };
  const settle = (): void => {
    if (isSynced || unlisted.size > 0) return;
    if (own.missing === undefined) {
      isSynced = true;
      sink([{ op: 'sync' }]);
    } else if (own.missing !== missing) {
      log.warn({ node: options.node.name, missing: own.missing }, 'node is not ready to be served, waiting for it');
    }
    missing = own.missing;
  };
  const tell = (ops: readonly Op[]): void => {
    const kept: Op[] = [];
    for (const op of ops) for (const each of keep(op)) kept.push(each);
    if (kept.length > 0) sink(kept);
    settle();
  };
  const follow = (resource: Resource): Promise<void> =>
    reflect({
      ...{ api, resource, troubles, signal, sink: tell, tidy, random: Math.random },
      onListed() {
        if (unlisted.delete(resource)) log.debug({ server, resource: resource.name }, 'listed');
        settle();
      },
    });

  const close = (): void => api.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    await Promise.all(resources.map(follow));
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}
