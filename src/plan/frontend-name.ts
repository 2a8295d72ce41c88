import { flatText } from '../model/flat-text.ts';
import { formatAddress } from '../model/ip.ts';
import type { Frontend, ServicePort } from './state.ts';

/** What a frontend claims: "172.30.0.41:80/TCP", or "30080/TCP over IPv4" where it is a NodePort. */
export function nameFrontend(frontend: Frontend, servicePort: Pick<ServicePort, 'family' | 'protocol'>): string {
  const { address, port } = frontend;
  const { family, protocol } = servicePort;
  if (address === undefined) return flatText(port, '/', protocol, ' over ', family);
  return flatText(formatAddress(address, port), '/', protocol);
}
