import { describe, expect, test } from 'vitest';
import { rawNode } from '../../test/conformance/objects.ts';
import { CONFIG, cidr } from '../../test/conformance/plan-objects.ts';
import type { Node } from '../model/node.ts';
import { parseObject } from '../model/object.ts';
import { type PlanConfig, parseNodePortAddresses } from './config.ts';
import { planNode } from './node-state.ts';
import type { NodePortAddresses } from './state.ts';

describe('local detector', () => {
  const node = parse(rawNode(['192.168.0.2'], { spec: { podCIDRs: ['10.7.0.0/24', '10.8.0.0/24'] } }));

  test('ClusterCIDR: the first of each family', () => {
    const clusterCidrs = [cidr('10.0.0.0/8'), cidr('11.0.0.0/8'), cidr('fd00::/64')];
    expect(planNode({ ...CONFIG, clusterCidrs }, node).localDetector).toEqual({
      IPv4: { cidrs: [cidr('10.0.0.0/8')] },
      IPv6: { cidrs: [cidr('fd00::/64')] },
    });
  });

  test('NodeCIDR: the podCIDRs of the Node, none before it is known', () => {
    const config: PlanConfig = { ...CONFIG, detectLocalMode: 'NodeCIDR' };
    expect(planNode(config, node).localDetector).toEqual({ IPv4: { cidrs: [cidr('10.7.0.0/24')] }, IPv6: undefined });
    expect(planNode(config, undefined).localDetector).toEqual({ IPv4: undefined, IPv6: undefined });
  });

  test('no CIDR, no detector', () => {
    expect(planNode({ ...CONFIG, clusterCidrs: [] }, node).localDetector).toEqual({ IPv4: undefined, IPv6: undefined });
  });
});

describe('nodePortAddresses', () => {
  const dual = ['192.168.0.2', 'fd00::2', '192.168.1.2'];
  const inside = (localhost: boolean, ...cidrs: string[]): NodePortAddresses => ({
    kind: 'inside',
    cidrs: cidrs.map(cidr),
    localhost,
  });
  const all = (localhost: boolean): NodePortAddresses => ({ kind: 'all', localhost });

  test.each<[string, string[], string[], NodePortAddresses, NodePortAddresses]>([
    ['unset is all', [], dual, all(true), all(false)],
    ['a family nobody speaks of is open', ['192.168.0.0/24'], dual, inside(false, '192.168.0.0/24'), all(false)],
    [
      'a zero CIDR swallows the others',
      ['192.168.0.0/24', '0.0.0.0/0', 'fd00::/64'],
      dual,
      all(true),
      inside(false, 'fd00::/64'),
    ],
    ['all', ['all', '192.168.0.0/24'], dual, all(true), all(false)],
    ['localhost', ['localhost'], dual, inside(true, '127.0.0.0/8'), inside(false, '::1/128')],
    [
      'one loopback address',
      ['127.0.0.1/32', '192.168.0.0/24'],
      dual,
      inside(true, '127.0.0.1/32', '192.168.0.0/24'),
      all(false),
    ],
    ['primary', ['primary'], dual, inside(false, '192.168.0.2/32'), inside(false, 'fd00::2/128')],
    ['primary of one family', ['primary'], ['192.168.0.2'], inside(false, '192.168.0.2/32'), all(false)],
    ['primary before the Node is known', ['primary'], [], inside(false), inside(false)],
  ])('%s', (_, texts, addresses, ipv4, ipv6) => {
    const selectors = parseNodePortAddresses(texts);
    if (!selectors.ok) throw new Error(selectors.reason);
    const config = { ...CONFIG, nodePortAddresses: selectors.value };
    expect(planNode(config, parse(rawNode(addresses))).nodePortAddresses).toEqual({ IPv4: ipv4, IPv6: ipv6 });
  });

  test('localhostNodePorts off closes loopback', () => {
    const config = { ...CONFIG, localhostNodePorts: false };
    expect(planNode(config, parse(rawNode(dual))).nodePortAddresses).toEqual({ IPv4: all(false), IPv6: all(false) });
  });
});

function parse(raw: unknown): Node {
  const parsed = parseObject(raw);
  if (!parsed.ok || parsed.value.kind !== 'Node') throw new Error('Not read as a Node');
  return parsed.value;
}
