import { type Addresses, podAddresses } from './addresses.ts';

/** How the node's pods hang on it: a host route each, or ports of one bridge. */
export type Wiring = { readonly kind: 'routed' } | { readonly kind: 'bridge'; readonly callIptables: boolean };

/** A bridge may or may not call iptables: packets of its pods meet other hooks of the kernel. */
export const WIRINGS: readonly Wiring[] = [
  { kind: 'routed' },
  { kind: 'bridge', callIptables: false },
  { kind: 'bridge', callIptables: true },
];

export interface PodSpec {
  readonly name: string;
  readonly place: 'node' | 'remote';
  readonly addresses: Addresses;
}

export interface LabSpec {
  readonly wiring: Wiring;
  readonly pods: readonly PodSpec[];
}

/** Pod number `number` of the node: 10.180.0.number. */
export function localPod(name: string, number: number): PodSpec {
  return { name, place: 'node', addresses: podAddresses('node', number) };
}

/** Pod number `number` of the remote node: 10.180.1.number. */
export function remotePod(name: string, number: number): PodSpec {
  return { name, place: 'remote', addresses: podAddresses('remote', number) };
}
