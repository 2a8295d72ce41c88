import { ConfigError } from './errors.ts';
import { type ListenAddress, parseListenAddress } from './listen-address.ts';
import { cidrFamily, parseCidr } from './model/cidr.ts';
import { parseName, SUBDOMAIN_LENGTH } from './model/identity.ts';
import type { Cidr } from './model/ip.ts';
import type { Parse } from './model/parse.ts';
import { quote } from './model/quote.ts';
import { type DetectLocalMode, type PlanConfig, parseNodePortAddresses } from './plan/config.ts';

/** Settings by their flag's name, of the type that the flag has; absent: nobody gave it. */
export type SettingValues = ReadonlyMap<string, string | number | boolean | readonly string[]>;

/** What the agent runs with. */
export interface RunConfig {
  readonly plan: PlanConfig;
  readonly source: SourceConfig;
  readonly bpffs: string;
  /** undefined: the root of the mounted cgroup2. */
  readonly cgroup: string | undefined;
  readonly socketHooks: boolean;
  /** Name patterns; empty: detected. */
  readonly podDevices: readonly string[];
  readonly uplinks: readonly string[];
  readonly standby: boolean;
  readonly readyFile: string | undefined;
  /** undefined: not served. */
  readonly healthz: ListenAddress | undefined;
  readonly metrics: ListenAddress | undefined;
}

/** Where Services, EndpointSlices and Nodes come from; `server` is that of --api-server. */
export type SourceConfig =
  | { readonly kind: 'manifests'; readonly folder: string }
  | { readonly kind: 'kubeconfig'; readonly path: string; readonly server: string | undefined }
  | { readonly kind: 'in-cluster'; readonly server: string | undefined };

export const DEFAULT_BPFFS = '/sys/fs/bpf/bpfsvc';

/** Throws ConfigError. `hostname` is the machine's. */
export function toRunConfig(values: SettingValues, hostname: string): RunConfig {
  const backend = text(values, 'backend') ?? 'auto';
  if (backend !== 'auto' && backend !== 'bpf') {
    throw new ConfigError(`Cannot use --backend ${quote(backend)}: this version has bpf alone: use auto or bpf`);
  }
  return {
    plan: toPlanConfig(values, hostname),
    source: toSource(values),
    bpffs: text(values, 'bpffs') ?? DEFAULT_BPFFS,
    cgroup: text(values, 'cgroup'),
    socketHooks: text(values, 'socket-hooks') !== 'off',
    podDevices: list(values, 'pod-devices'),
    uplinks: list(values, 'uplinks'),
    standby: flag(values, 'standby') ?? false,
    readyFile: text(values, 'ready-file'),
    healthz: toListenAddress(values, 'healthz', { host: '0.0.0.0', port: 10256 }),
    metrics: toListenAddress(values, 'metrics', { host: '127.0.0.1', port: 10249 }),
  };
}

/** kube-proxy's older flag for the port counts where the address has none, and 0 turns the server off. */
function toListenAddress(
  values: SettingValues,
  name: 'healthz' | 'metrics',
  preset: ListenAddress,
): ListenAddress | undefined {
  const port = values.get(`${name}-port`) ?? preset.port;
  if (port === 0) return undefined;
  const flagName = `${name}-bind-address`;
  return use(flagName, parseListenAddress(text(values, flagName) ?? preset.host, Number(port)));
}

export function toSource(values: SettingValues): SourceConfig {
  const folder = text(values, 'manifests');
  if (folder !== undefined) return { kind: 'manifests', folder };
  const path = text(values, 'kubeconfig') ?? '';
  const server = text(values, 'api-server');
  return path === '' ? { kind: 'in-cluster', server } : { kind: 'kubeconfig', path, server };
}

/** Throws ConfigError. */
export function toPlanConfig(values: SettingValues, hostname: string): PlanConfig {
  const gates = list(values, 'feature-gates');
  return {
    nodeName: toNodeName(text(values, 'hostname-override') ?? '', hostname),
    clusterCidrs: toClusterCidrs(list(values, 'cluster-cidr')),
    detectLocalMode: (text(values, 'detect-local-mode') ?? 'ClusterCIDR') as DetectLocalMode, // one of its choices
    masqueradeAll: flag(values, 'masquerade-all') ?? false,
    nodePortAddresses: use('nodeport-addresses', parseNodePortAddresses(list(values, 'nodeport-addresses'))),
    localhostNodePorts: flag(values, 'iptables-localhost-nodeports') ?? true,
    preferSameTrafficDistribution: !gates.some((gate) => /^PreferSameTrafficDistribution=(?:0|f|false)$/i.test(gate)),
  };
}

/** As kube-proxy: trimmed and in lower case. */
function toNodeName(override: string, hostname: string): string {
  const name = (override.trim() === '' ? hostname : override).trim().toLowerCase();
  return use('hostname-override', parseName(name, SUBDOMAIN_LENGTH));
}

function toClusterCidrs(texts: readonly string[]): readonly Cidr[] {
  const cidrs = texts.map((each) => use('cluster-cidr', parseCidr(each)));
  if (new Set(cidrs.map(cidrFamily)).size < cidrs.length) {
    throw new ConfigError(`Cannot use --cluster-cidr ${quote(texts.join(','))}: give one range per family`);
  }
  return cidrs;
}

function use<T>(name: string, parsed: Parse<T>): T {
  if (!parsed.ok) throw new ConfigError(`Cannot use --${name}: ${parsed.reason}`);
  return parsed.value;
}

function text(values: SettingValues, name: string): string | undefined {
  const value = values.get(name);
  return typeof value === 'string' ? value : undefined;
}

function flag(values: SettingValues, name: string): boolean | undefined {
  const value = values.get(name);
  return typeof value === 'boolean' ? value : undefined;
}

function list(values: SettingValues, name: string): readonly string[] {
  const value = values.get(name);
  return typeof value === 'object' ? value : [];
}
