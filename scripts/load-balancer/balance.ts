import type { Addresses } from './addresses.ts';
import type { Api } from './api.ts';
import { CLEANUP_FINALIZER, type Node, readyAddresses, type Service, wantsAddress } from './objects.ts';
import type { Routes } from './routes.ts';

export interface Balancer {
  readonly api: Api;
  readonly addresses: Addresses;
  readonly routes: Routes;
}

/** One pass over all Services: gives addresses, routes them to the nodes that serve them, and takes them back. */
export async function balance(balancer: Balancer): Promise<void> {
  const { api, routes } = balancer;
  const nodes = readyAddresses(await api.list<Node>('/api/v1/nodes'));
  const services = await api.list<Service>('/api/v1/services');
  const given = new Set<string>();
  for (const service of services) {
    if (wantsAddress(service)) {
      for (const address of await serve(balancer, service, nodes)) given.add(address);
    } else if (service.metadata.finalizers?.includes(CLEANUP_FINALIZER)) {
      await takeBack(balancer, service);
    }
  }
  for (const address of routes.routed()) if (!given.has(address)) await routes.remove(address);
}

async function serve(
  { api, addresses, routes }: Balancer,
  service: Service,
  nodes: readonly (readonly string[])[],
): Promise<readonly string[]> {
  const { metadata, spec, status } = service;
  const finalizers = metadata.finalizers ?? [];
  if (!finalizers.includes(CLEANUP_FINALIZER))
    await api.patch(pathOf(service), { metadata: { finalizers: [...finalizers, CLEANUP_FINALIZER] } });
  const wanted = addresses.of(metadata.uid, spec.ipFamilies ?? ['IPv4']);
  const serving = await servingNodes(service, nodes);
  for (const address of wanted) {
    const hops = serving.flatMap((node) => node.filter((ip) => ip.includes(':') === address.includes(':')).slice(0, 1));
    // Connections are spread over the nodes; a client that is to stay with its endpoint has to come by one of them.
    await routes.set(address, hops.toSorted().slice(0, spec.sessionAffinity === 'ClientIP' ? 1 : undefined));
  }
  const shown = (status.loadBalancer?.ingress ?? []).map(({ ip }) => ip);
  if (shown.join() !== wanted.join())
    await api.patch(`${pathOf(service)}/status`, {
      status: { loadBalancer: { ingress: wanted.map((ip) => ({ ip })) } },
    });
  return wanted;
}

/** Every node, or with the Local policy those whose health check node port says that they have endpoints. */
async function servingNodes(
  { spec }: Service,
  nodes: readonly (readonly string[])[],
): Promise<readonly (readonly string[])[]> {
  const port = spec.healthCheckNodePort ?? 0;
  if (spec.externalTrafficPolicy !== 'Local' || port === 0) return nodes;
  const healthy = await Promise.all(nodes.map(([address = '']) => isHealthy(address, port)));
  return nodes.filter((_, index) => healthy[index]);
}

async function isHealthy(address: string, port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://${address}:${port}/`, { signal: AbortSignal.timeout(500) });
    return answer.status === 200;
  } catch {
    // No answer is the answer.
    return false;
  }
}

async function takeBack({ api, addresses, routes }: Balancer, service: Service): Promise<void> {
  const { metadata, spec, status } = service;
  for (const address of addresses.of(metadata.uid, spec.ipFamilies ?? ['IPv4'])) await routes.remove(address);
  addresses.release(metadata.uid);
  const ingress = status.loadBalancer?.ingress ?? [];
  if (ingress.length > 0) await api.patch(`${pathOf(service)}/status`, { status: { loadBalancer: null } });
  const left = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
  await api.patch(pathOf(service), { metadata: { finalizers: left } });
}

function pathOf({ metadata }: Service): string {
  return `/api/v1/namespaces/${metadata.namespace}/services/${metadata.name}`;
}
