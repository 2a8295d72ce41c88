import { describe, expect, it } from 'vitest';
import { buildNode } from '../../../test/support/service-ports.ts';
import type { Cidr, Ip } from '../../model/ip.ts';
import { lowerConfig, lowerNodeVips } from './lower-node.ts';

const deviceAddresses = ['127.0.0.1', '::1', 'fe80::1', 'fd00::7', '10.9.9.9', '192.168.0.1'] as Ip[];
const cidrs: readonly Cidr[] = [{ ip: '192.168.0.0' as Ip, prefixLength: 16 }];

describe('node', () => {
  it('shows hairpin pods the Node address that is here, else one that others reach', () => {
    const { nodeAddrV4, nodeAddrV6 } = lowerConfig(buildNode({ addresses: ['1.2.3.4', '192.168.0.1'] as Ip[] }), {
      deviceAddresses,
    });
    expect({ nodeAddrV4, nodeAddrV6 }).toEqual({ nodeAddrV4: '192.168.0.1', nodeAddrV6: 'fd00::7' });
    const bare = lowerConfig(buildNode({ addresses: [] }), { deviceAddresses: ['fe80::1', '127.0.0.1'] as Ip[] });
    expect([bare.nodeAddrV4, bare.nodeAddrV6]).toEqual(['::', '::']);
  });

  it('has no detector where neither family has one', () => {
    const node = buildNode({ localDetector: { IPv4: undefined, IPv6: undefined } });
    const { localCidrs, hasDetector } = lowerConfig(node, { deviceAddresses });
    expect({ localCidrs, hasDetector }).toEqual({ localCidrs: [], hasDetector: false });
  });

  it('serves node ports on the selected addresses, on loopback only for IPv4 and where wanted', () => {
    const node = buildNode({
      nodePortAddresses: { IPv4: { kind: 'inside', cidrs, localhost: true }, IPv6: { kind: 'all', localhost: false } },
    });
    expect([...lowerNodeVips(node, { deviceAddresses })]).toEqual([
      ['fe80::1', 20],
      ['fd00::7', 20],
      ['10.9.9.9', 16],
      ['192.168.0.1', 20],
      ['127.0.0.1', 12],
    ]);
  });
});
