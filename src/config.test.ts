import { describe, expect, it, test } from 'vitest';
import { type SettingValues, toPlanConfig, toRunConfig, toSource } from './config.ts';
import { parseIp } from './model/ip.ts';

const values = (given: Readonly<Record<string, string | number | boolean | readonly string[]>>): SettingValues =>
  new Map(Object.entries(given));
const cidr = (ip: string, prefixLength: number) => {
  const parsed = parseIp(ip);
  return { ip: parsed.ok ? parsed.value : undefined, prefixLength };
};

describe('toPlanConfig', () => {
  it("has kube-proxy's defaults", () => {
    expect(toPlanConfig(values({}), 'Node-A')).toEqual({
      nodeName: 'node-a',
      clusterCidrs: [],
      detectLocalMode: 'ClusterCIDR',
      masqueradeAll: false,
      nodePortAddresses: [],
      localhostNodePorts: true,
      preferSameTrafficDistribution: true,
    });
  });

  it('takes what is given', () => {
    const given = values({
      'hostname-override': ' NODE-B ',
      'cluster-cidr': ['10.0.0.0/8', 'fd00::/64'],
      'detect-local-mode': 'NodeCIDR',
      'masquerade-all': true,
      'nodeport-addresses': ['primary', '192.168.0.0/24'],
      'iptables-localhost-nodeports': false,
      'feature-gates': ['Other=true', 'PreferSameTrafficDistribution=false'],
    });
    expect(toPlanConfig(given, 'node-a')).toEqual({
      nodeName: 'node-b',
      clusterCidrs: [cidr('10.0.0.0', 8), cidr('fd00::', 64)],
      detectLocalMode: 'NodeCIDR',
      masqueradeAll: true,
      nodePortAddresses: ['primary', cidr('192.168.0.0', 24)],
      localhostNodePorts: false,
      preferSameTrafficDistribution: false,
    });
  });

  it.each([
    [
      { 'cluster-cidr': ['10.0.0.0'] },
      'Cannot use --cluster-cidr: "10.0.0.0" is not a CIDR: write it like 10.0.0.0/8 or fd00::/64',
    ],
    [
      { 'cluster-cidr': ['10.0.0.0/8', '11.0.0.0/8'] },
      'Cannot use --cluster-cidr "10.0.0.0/8,11.0.0.0/8": give one range per family',
    ],
    [
      { 'hostname-override': 'a b' },
      'Cannot use --hostname-override: "a b" is not a name: use letters, digits and "-" between them',
    ],
    [
      { 'nodeport-addresses': ['x'] },
      'Cannot use --nodeport-addresses: "x" is not a CIDR: write it like 10.0.0.0/8 or fd00::/64, or one of primary, localhost and all',
    ],
  ])('refuses %j', (given, message) => {
    expect(() => toPlanConfig(values(given), 'node-a')).toThrow(message);
  });
});

describe('toRunConfig', () => {
  it('has defaults for all but the source', () => {
    expect(toRunConfig(values({ manifests: '/m' }), 'node-a')).toEqual({
      plan: toPlanConfig(values({}), 'node-a'),
      source: { kind: 'manifests', folder: '/m' },
      bpffs: '/sys/fs/bpf/bpfsvc',
      cgroup: undefined,
      socketHooks: true,
      podDevices: [],
      uplinks: [],
      standby: false,
      readyFile: undefined,
      healthz: { host: '0.0.0.0', port: 10256 },
      metrics: { host: '127.0.0.1', port: 10249 },
    });
  });

  it("reads kube-proxy's flags for its ports, the older ones too", () => {
    const ports = (given: Parameters<typeof values>[0]) => {
      const { healthz, metrics } = toRunConfig(values({ manifests: '/m', ...given }), 'node-a');
      return { healthz, metrics };
    };
    expect(ports({ 'healthz-bind-address': '', 'metrics-port': 0 })).toEqual({
      healthz: undefined,
      metrics: undefined,
    });
    expect(ports({ 'healthz-bind-address': '::', 'healthz-port': 80, 'metrics-bind-address': '[::1]:81' })).toEqual({
      healthz: { host: '::', port: 80 },
      metrics: { host: '::1', port: 81 },
    });
  });

  it.each([
    [
      { manifests: '/m', 'metrics-bind-address': 'x' },
      'Cannot use --metrics-bind-address: "x" is no address: write it like 0.0.0.0:10249 or [::1]:10249',
    ],
    [{ manifests: '/m', backend: 'ipvs' }, 'Cannot use --backend "ipvs": this version has bpf alone: use auto or bpf'],
  ])('refuses %j', (given, message) => {
    expect(() => toRunConfig(values(given), 'node-a')).toThrow(message);
  });
});

test.each([
  [
    { manifests: '/m', kubeconfig: '/k' },
    { kind: 'manifests', folder: '/m' },
  ],
  [{ kubeconfig: '/k' }, { kind: 'kubeconfig', path: '/k', server: undefined }],
  [
    { kubeconfig: '/k', 'api-server': 'https://a' },
    { kind: 'kubeconfig', path: '/k', server: 'https://a' },
  ],
  [{ kubeconfig: '' }, { kind: 'in-cluster', server: undefined }],
  [{ 'api-server': 'https://a' }, { kind: 'in-cluster', server: 'https://a' }],
])('%j means the source %j', (given, source) => {
  expect(toSource(values(given))).toEqual(source);
});
