import { type Ip, parseIp } from '../../src/model/ip.ts';
import type { Lab } from './lab.ts';

/** Addresses of all devices of a lab's node, as the agent learns them: each once, sorted. */
export async function nodeAddresses(lab: Lab): Promise<readonly Ip[]> {
  const devices = JSON.parse(await lab.node.run(['ip', '-json', 'address'])) as readonly {
    readonly addr_info: readonly { readonly local: string }[];
  }[];
  const addresses = devices.flatMap(({ addr_info }) => addr_info).map(({ local }) => toIp(local));
  return [...new Set(addresses)].sort();
}

function toIp(text: string): Ip {
  const ip = parseIp(text);
  if (!ip.ok) throw new Error(ip.reason);
  return ip.value;
}
