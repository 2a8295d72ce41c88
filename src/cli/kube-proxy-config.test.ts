import { describe, expect, it } from 'vitest';
import { parseKubeProxyConfig } from './kube-proxy-config.ts';

const HEAD = { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration' };
const parse = (fields: Readonly<Record<string, unknown>>) => {
  const { values, ...rest } = parseKubeProxyConfig('f', { ...HEAD, ...fields });
  return { values: Object.fromEntries(values), ...rest };
};

describe('parseKubeProxyConfig', () => {
  it('takes what counts and names the rest that is set', () => {
    const config = parse({
      bindAddress: '0.0.0.0',
      clusterCIDR: '10.0.0.0/8,fd00::/64',
      conntrack: { maxPerCore: null, min: 5, tcpEstablishedTimeout: '0s' },
      detectLocalMode: 'NodeCIDR',
      featureGates: { PreferSameTrafficDistribution: false },
      hostnameOverride: 'node-a',
      iptables: { localhostNodePorts: false, masqueradeAll: true, syncPeriod: '30s', masquerade: 1 },
      mode: '',
      nodePortAddresses: ['primary'],
      winkernel: { networkName: 'x' },
      other: { a: 1 },
    });
    expect(config).toEqual({
      values: {
        'cluster-cidr': ['10.0.0.0/8', 'fd00::/64'],
        'detect-local-mode': 'NodeCIDR',
        'feature-gates': ['PreferSameTrafficDistribution=false'],
        'hostname-override': 'node-a',
        'iptables-localhost-nodeports': false,
        'masquerade-all': true,
        'nodeport-addresses': ['primary'],
      },
      withoutEffect: ['bindAddress', 'conntrack.min', 'iptables.syncPeriod'],
      unknown: ['iptables.masquerade', 'other.a'],
    });
  });

  it("has nftables mode's own section and defaults", () => {
    expect(
      parse({ mode: 'nftables', nftables: { masqueradeAll: true }, iptables: { localhostNodePorts: true } }),
    ).toEqual({
      values: { 'masquerade-all': true, 'iptables-localhost-nodeports': false, 'nodeport-addresses': ['primary'] },
      withoutEffect: ['mode'],
      unknown: [],
    });
  });

  it.each([
    [
      { kind: 'Pod' },
      'Cannot use configuration "f": it is "Pod" of "kubeproxy.config.k8s.io/v1alpha1": write a KubeProxyConfiguration of kubeproxy.config.k8s.io/v1alpha1',
    ],
    [{ mode: 'userspace' }, 'Cannot use configuration "f": mode: "userspace" is none of iptables, ipvs, nftables'],
    [
      { iptables: { masqueradeAll: 'yes' } },
      'Cannot use configuration "f": iptables.masqueradeAll: "yes" is neither true nor false',
    ],
    [
      { detectLocalMode: 'X' },
      'Cannot use configuration "f": detectLocalMode: "X" is none of ClusterCIDR, NodeCIDR, BridgeInterface, InterfaceNamePrefix',
    ],
  ])('refuses %j', (fields, message) => {
    expect(() => parse(fields)).toThrow(message);
  });
});
