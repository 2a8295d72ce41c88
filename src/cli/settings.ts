/** One thing that can be set: the table drives flags, their help and the fields of --config. */
export interface Setting {
  /** The flag, without dashes. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly type: 'boolean' | 'text' | 'number' | 'duration' | 'list';
  /** As help shows the value. */
  readonly argument?: string;
  readonly choices?: readonly string[];
  /** As help shows it. */
  readonly default?: string;
  readonly help: string;
  /** Path in a KubeProxyConfiguration. */
  readonly field?: string;
  /** Who means it: this program, kube-proxy's users, or nobody yet. */
  readonly role: 'own' | 'kube-proxy' | 'without effect';
  readonly commands: readonly ('run' | 'plan' | 'cleanup' | 'dump')[];
}

const RUN = ['run'] as const;
const PLAN = ['run', 'plan'] as const;
const ALL = ['run', 'cleanup', 'dump'] as const;

const OWN: readonly Setting[] = [
  {
    name: 'manifests',
    type: 'text',
    argument: 'DIR',
    help: 'source: a folder of YAML or JSON files with Services, EndpointSlices and Nodes',
    role: 'own',
    commands: PLAN,
  },
  {
    name: 'kubeconfig',
    type: 'text',
    argument: 'FILE',
    help: 'source: this cluster; without it and --manifests the service account of the pod',
    field: 'clientConnection.kubeconfig',
    role: 'own',
    commands: PLAN,
  },
  {
    name: 'api-server',
    aliases: ['master'],
    type: 'text',
    argument: 'URL',
    help: "address of the API in place of the kubeconfig's or the cluster's own, which is a ClusterIP",
    role: 'own',
    commands: PLAN,
  },
  {
    name: 'hostname-override',
    aliases: ['node-name'],
    type: 'text',
    argument: 'NAME',
    default: 'lower-cased hostname',
    help: "this node's name",
    field: 'hostnameOverride',
    role: 'own',
    commands: PLAN,
  },
  {
    name: 'standby',
    type: 'boolean',
    default: 'false',
    help: 'wait while another agent holds the node, then take over',
    role: 'own',
    commands: RUN,
  },
  {
    name: 'socket-hooks',
    type: 'text',
    choices: ['on', 'off'],
    default: 'on',
    help: 'off: the packet path alone',
    role: 'own',
    commands: RUN,
  },
  {
    name: 'backend',
    aliases: ['proxy-mode'],
    type: 'text',
    argument: 'NAME',
    default: 'auto',
    help: 'auto or bpf; iptables, ipvs, nftables and userspace are not there yet',
    role: 'own',
    commands: RUN,
  },
  {
    name: 'bpffs',
    type: 'text',
    argument: 'DIR',
    default: '/sys/fs/bpf/bpfsvc',
    help: 'where maps, programs and links are pinned',
    role: 'own',
    commands: ALL,
  },
  {
    name: 'cgroup',
    type: 'text',
    argument: 'DIR',
    default: 'the root of the mounted cgroup2',
    help: 'cgroup v2 directory for the socket programs',
    role: 'own',
    commands: RUN,
  },
  {
    name: 'pod-devices',
    type: 'list',
    argument: 'PATTERNS',
    default: 'detected',
    help: 'host side devices of pods, such as "veth*,tap*"',
    role: 'own',
    commands: RUN,
  },
  {
    name: 'uplinks',
    type: 'list',
    argument: 'NAMES',
    default: 'detected',
    help: 'devices that lead off the node',
    role: 'own',
    commands: RUN,
  },
  {
    name: 'ready-file',
    type: 'text',
    argument: 'FILE',
    help: 'written once the dataplane is in sync, or the agent stands by with all it has to know',
    role: 'own',
    commands: RUN,
  },
  {
    name: 'config',
    type: 'text',
    argument: 'FILE',
    help: "a KubeProxyConfiguration; kube-proxy's own flags are then left aside, as kube-proxy does",
    role: 'own',
    commands: PLAN,
  },
  {
    name: 'log-level',
    type: 'text',
    argument: 'LEVEL',
    choices: ['trace', 'debug', 'info', 'warn', 'error'],
    default: 'info',
    help: 'trace, debug, info, warn or error: the least severe messages to log',
    role: 'own',
    commands: ['run', 'cleanup'],
  },
];

const KUBE_PROXY: readonly Setting[] = [
  {
    name: 'cluster-cidr',
    type: 'list',
    argument: 'CIDRS',
    help: 'addresses of pods, one range per family',
    field: 'clusterCIDR',
    role: 'kube-proxy',
    commands: PLAN,
  },
  {
    name: 'detect-local-mode',
    type: 'text',
    argument: 'MODE',
    choices: ['ClusterCIDR', 'NodeCIDR', 'BridgeInterface', 'InterfaceNamePrefix'],
    default: 'ClusterCIDR',
    help: 'ClusterCIDR or NodeCIDR: how pods of this node are told from other clients; the interface modes tell none yet',
    field: 'detectLocalMode',
    role: 'kube-proxy',
    commands: PLAN,
  },
  {
    name: 'masquerade-all',
    type: 'boolean',
    default: 'false',
    help: 'hide the source of all traffic to ClusterIPs',
    field: 'iptables.masqueradeAll',
    role: 'kube-proxy',
    commands: PLAN,
  },
  {
    name: 'nodeport-addresses',
    type: 'list',
    argument: 'CIDRS',
    default: 'all',
    help: 'addresses that serve NodePorts; also primary, localhost, all',
    field: 'nodePortAddresses',
    role: 'kube-proxy',
    commands: PLAN,
  },
  {
    name: 'iptables-localhost-nodeports',
    type: 'boolean',
    default: 'true',
    help: 'serve NodePorts on 127.0.0.0/8, too',
    field: 'iptables.localhostNodePorts',
    role: 'kube-proxy',
    commands: PLAN,
  },
  {
    name: 'feature-gates',
    type: 'list',
    argument: 'NAME=BOOL',
    help: "of kube-proxy's gates PreferSameTrafficDistribution counts",
    field: 'featureGates',
    role: 'kube-proxy',
    commands: PLAN,
  },
  {
    name: 'healthz-bind-address',
    type: 'text',
    argument: 'ADDRESS',
    default: '0.0.0.0:10256',
    help: 'where /healthz and /livez answer while the agent holds the node; empty: nowhere',
    field: 'healthzBindAddress',
    role: 'kube-proxy',
    commands: PLAN,
  },
  {
    name: 'healthz-port',
    type: 'number',
    argument: 'PORT',
    help: 'for --healthz-bind-address without a port; 0: nowhere',
    role: 'kube-proxy',
    commands: PLAN,
  },
  {
    name: 'metrics-bind-address',
    type: 'text',
    argument: 'ADDRESS',
    default: '127.0.0.1:10249',
    help: 'where /metrics and /proxyMode answer while the agent holds the node; empty: nowhere',
    field: 'metricsBindAddress',
    role: 'kube-proxy',
    commands: PLAN,
  },
  {
    name: 'metrics-port',
    type: 'number',
    argument: 'PORT',
    help: 'for --metrics-bind-address without a port; 0: nowhere',
    role: 'kube-proxy',
    commands: PLAN,
  },
];

const WITHOUT_EFFECT: readonly Setting[] = [
  ...unused('text', {
    'bind-address': 'bindAddress',
    'boot-id-file': undefined,
    'ipvs-scheduler': 'ipvs.scheduler',
    'kube-api-content-type': 'clientConnection.contentType',
    'log-text-info-buffer-size': undefined,
    'log-json-info-buffer-size': undefined,
    'logging-format': 'logging.format',
    'machine-id-file': undefined,
    'pod-bridge-interface': 'detectLocal.bridgeInterface',
    'pod-interface-name-prefix': 'detectLocal.interfaceNamePrefix',
    'proxy-port-range': 'portRange',
    'show-hidden-metrics-for-version': 'showHiddenMetricsForVersion',
    vmodule: 'logging.vmodule',
  }),
  ...unused('boolean', {
    'bind-address-hard-fail': 'bindAddressHardFail',
    'conntrack-tcp-be-liberal': 'conntrack.tcpBeLiberal',
    'ipvs-strict-arp': 'ipvs.strictARP',
    'log-json-split-stream': undefined,
    'log-text-split-stream': undefined,
    profiling: 'enableProfiling',
  }),
  ...unused('number', {
    'conntrack-max-per-core': 'conntrack.maxPerCore',
    'conntrack-min': 'conntrack.min',
    'iptables-masquerade-bit': 'iptables.masqueradeBit',
    'kube-api-burst': 'clientConnection.burst',
    'kube-api-qps': 'clientConnection.qps',
    'nftables-masquerade-bit': 'nftables.masqueradeBit',
    'oom-score-adj': 'oomScoreAdj',
    v: 'logging.verbosity',
  }),
  ...unused('duration', {
    'config-sync-period': 'configSyncPeriod',
    'conntrack-tcp-timeout-close-wait': 'conntrack.tcpCloseWaitTimeout',
    'conntrack-tcp-timeout-established': 'conntrack.tcpEstablishedTimeout',
    'conntrack-udp-timeout': 'conntrack.udpTimeout',
    'conntrack-udp-timeout-stream': 'conntrack.udpStreamTimeout',
    'iptables-min-sync-period': 'iptables.minSyncPeriod',
    'iptables-sync-period': 'iptables.syncPeriod',
    'ipvs-min-sync-period': 'ipvs.minSyncPeriod',
    'ipvs-sync-period': 'ipvs.syncPeriod',
    'ipvs-tcp-timeout': 'ipvs.tcpTimeout',
    'ipvs-tcpfin-timeout': 'ipvs.tcpFinTimeout',
    'ipvs-udp-timeout': 'ipvs.udpTimeout',
    'log-flush-frequency': 'logging.flushFrequency',
    'nftables-min-sync-period': 'nftables.minSyncPeriod',
    'nftables-sync-period': 'nftables.syncPeriod',
    'udp-timeout': 'udpIdleTimeout',
  }),
  ...unused('list', { 'ipvs-exclude-cidrs': 'ipvs.excludeCIDRs' }),
];

export const SETTINGS: readonly Setting[] = [...OWN, ...KUBE_PROXY, ...WITHOUT_EFFECT];

function unused(type: Setting['type'], fields: Readonly<Record<string, string | undefined>>): readonly Setting[] {
  return Object.entries(fields).map(([name, field]) => {
    const setting: Setting = { name, type, help: "kube-proxy's", role: 'without effect', commands: PLAN };
    return field === undefined ? setting : { ...setting, field };
  });
}
