import { formatAddress } from '../model/ip.ts';
import type { Frontend, ServicePort } from './state.ts';

/** What a frontend claims, as people read it: "172.30.0.41:80/TCP" or "node port 30080/TCP over IPv4". */
export function nameFrontend(frontend: Frontend, servicePort: Pick<ServicePort, 'family' | 'protocol'>): string {
  const { address, port } = frontend;
  const { family, protocol } = servicePort;
  if (address === undefined) return `node port ${port}/${protocol} over ${family}`;
  return `${formatAddress(address, port)}/${protocol}`;
}
