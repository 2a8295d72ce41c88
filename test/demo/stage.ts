import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Addresses, NODE, podAddresses } from '../support/addresses.ts';
import type { Agent } from '../support/agent.ts';
import { Lab } from '../support/lab.ts';
import { localPod, remotePod } from '../support/lab-spec.ts';
import { REPOSITORY } from '../support/repository.ts';
import type { Story } from './story.ts';

export const PORT = 80;
export const TARGET_PORT = 8080;

/** The ClusterIPs of examples/shop.yaml. */
export const WEB: Addresses = { ipv4: '172.30.0.10', ipv6: 'fd00:172:30::10' };
export const CART: Addresses = { ipv4: '172.30.0.11', ipv6: 'fd00:172:30::11' };
export const COUPONS: Addresses = { ipv4: '172.30.0.12', ipv6: 'fd00:172:30::12' };

/** The pod that joins the Service "web" later. */
export const NEWCOMER = podAddresses('node', 3);

export const CAST = `node-a  ${NODE.ipv4}  with the pods shopper, web-1, web-3 and cart
node-b  192.168.0.3  with the pod web-2
Each has its own network namespace, both IP families, strict rp_filter and a firewall that drops INVALID.`;

/** What every chapter plays with. */
export interface Stage {
  readonly story: Story;
  readonly lab: Lab;
  agent: Agent;
}

/** The shop's pods, and examples/ as the folder of manifests. */
export async function buildLab(): Promise<Lab> {
  const lab = await Lab.create({
    wiring: { kind: 'routed' },
    pods: [
      localPod('shopper', 1),
      localPod('web-1', 2),
      localPod('web-3', 3),
      localPod('cart', 4),
      remotePod('web-2', 2),
    ],
  });
  const servers = ['web-1', 'web-2', 'web-3', 'cart'];
  await Promise.all(servers.map((name) => lab.pod(name).probe.serve(name, TARGET_PORT)));
  await mkdir(lab.manifests.folder, { recursive: true });
  await copyFile(join(REPOSITORY, 'examples/shop.yaml'), join(lab.manifests.folder, 'shop.yaml'));
  return lab;
}
