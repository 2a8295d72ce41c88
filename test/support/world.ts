import { type Addresses, bothOf, NODE, NODE_NAME } from './addresses.ts';
import { Agent, type AgentOptions } from './agent.ts';
import { Lab } from './lab.ts';
import { localPod, remotePod, type Wiring } from './lab-spec.ts';
import { nodeObject, type ServiceSpec, serviceObjects } from './objects.ts';

/** Every Service's port, and the port that its endpoints serve. */
export const PORT = 80;
export const TARGET_PORT = 8080;
export const NODE_PORT = 30080;

/** ClusterIPs of the standing Services. */
export const VIP = {
  /** Endpoints b on this node and r on the remote one. */
  web: vip(10),
  /** Endpoint b. */
  single: vip(11),
  /** Endpoint b too, at the same port. */
  twin: vip(12),
  /** Endpoint r. */
  remote: vip(13),
  /** Endpoint a: the client itself. */
  self: vip(14),
  /** No endpoint: refused. */
  empty: vip(15),
  /** Internal traffic policy Local, and endpoints elsewhere only: dropped. */
  elsewhere: vip(16),
  /** Endpoint b, at a port that nobody serves. */
  closed: vip(17),
  /** Endpoint b; a NodePort, an external IP, and a load balancer VIP with external traffic policy Local. */
  exposed: vip(18),
} as const satisfies Record<string, Addresses>;

export const EXTERNAL_IP: Addresses = { ipv4: '198.51.100.10', ipv6: '2001:db8:51::10' };
export const LOAD_BALANCER_VIP: Addresses = { ipv4: '198.51.100.20', ipv6: '2001:db8:51::20' };

export interface World {
  readonly lab: Lab;
  readonly agent: Agent;
}

/** A lab with pods a, b and r that serve, the standing Services, and an agent in sync. */
export async function createWorld(wiring: Wiring, options: AgentOptions = {}): Promise<World> {
  const lab = await createServingLab(wiring);
  try {
    return { lab, agent: await Agent.start(lab, options) };
  } catch (error) {
    await lab.dispose();
    throw error;
  }
}

/** The same without an agent. */
export async function createServingLab(wiring: Wiring): Promise<Lab> {
  const lab = await Lab.create({ wiring, pods: [localPod('a', 1), localPod('b', 2), remotePod('r', 1)] });
  await Promise.all(['a', 'b', 'r'].map((name) => lab.pod(name).probe.serve(name, TARGET_PORT)));
  await lab.manifests.write('node', [nodeObject(NODE_NAME, NODE)]);
  await lab.manifests.write('services', standingServices(lab).flatMap(serviceObjects));
  return lab;
}

/** The ClusterIP of a test's own Service, by number; the standing ones have 10 to 19. */
export function vip(number: number): Addresses {
  return { ipv4: `172.30.0.${number}`, ipv6: `fd00:172:30::${number}` };
}

/** A dual stack Service of these pods; those that do not live on the remote node are local. */
export function serviceOf(
  lab: Lab,
  name: string,
  to: { readonly vip: Addresses; readonly pods: readonly string[] },
): ServiceSpec {
  return {
    name,
    clusterIPs: [to.vip.ipv4, to.vip.ipv6],
    port: PORT,
    targetPort: TARGET_PORT,
    endpoints: to.pods.map((pod) => ({
      addresses: lab.pod(pod).addresses,
      nodeName: pod.startsWith('r') ? 'node-b' : NODE_NAME,
    })),
  };
}

function standingServices(lab: Lab): readonly ServiceSpec[] {
  const service = (name: keyof typeof VIP, pods: readonly string[]) => serviceOf(lab, name, { vip: VIP[name], pods });
  return [
    service('web', ['b', 'r']),
    service('single', ['b']),
    service('twin', ['b']),
    service('remote', ['r']),
    service('self', ['a']),
    service('empty', []),
    { ...service('elsewhere', ['r']), spec: { internalTrafficPolicy: 'Local' } },
    { ...service('closed', ['b']), targetPort: 9 },
    { ...service('exposed', ['b']), nodePort: NODE_PORT, spec: { externalIPs: bothOf(EXTERNAL_IP) } },
    {
      ...service('exposed', ['b']),
      name: 'balanced',
      clusterIPs: bothOf(vip(19)),
      spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local' },
      status: { loadBalancer: { ingress: bothOf(LOAD_BALANCER_VIP).map((ip) => ({ ip, ipMode: 'VIP' })) } },
    },
  ];
}
