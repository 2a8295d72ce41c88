/** A file that no kubectl would print. */
export interface BadManifest {
  /** Below the folder of manifests. */
  readonly file: string;
  readonly content: string | Uint8Array;
  /** What `ignored` calls the objects that it refuses; empty: it holds nothing to refuse. */
  readonly objects: readonly string[];
}

/** Every bad shape that the folder may hold while the agent runs. */
export function badManifests(): readonly BadManifest[] {
  return [...badObjects(), ...badFiles(), ...badYaml()];
}

/** Well-formed JSON of no good shape. */
function badObjects(): readonly BadManifest[] {
  const megabyte = (letter: string) => letter.repeat(1 << 20);
  const cut = (letter: string, longest: number) => `${letter.repeat(longest)}… (1048576 characters)`;
  return [
    service('types', {
      clusterIP: 7,
      clusterIPs: 'x',
      ports: {},
      externalIPs: 3,
      sessionAffinity: [],
      loadBalancerSourceRanges: 'y',
      internalTrafficPolicy: 9,
    }),
    service('spec-list', []),
    json('number-name', [{ ...SERVICE, metadata: { name: 12, namespace: 'bad' }, spec: {} }], ['number-name.json:1']),
    json('long-name', [objectOf(megabyte('n'), specOf(1))], [`Service bad/${cut('n', 253)}`]),
    json(
      'long-namespace',
      [{ ...SERVICE, metadata: { name: 'long', namespace: megabyte('m') }, spec: specOf(2) }],
      [`Service ${cut('m', 253)}/long`],
    ),
    service('long-port', { ...specOf(3), ports: [{ name: megabyte('p'), port: 80 }] }),
    service('ports', {
      ...specOf(4),
      ports: Array.from({ length: 100_000 }, (_, port) => ({ name: `p${port}`, port, protocol: 'TCP' })),
    }),
    json('endpoints', [objectOf('endpoints', specOf(5)), SLICE], ['EndpointSlice bad/endpoints-x']),
    json('twice', [objectOf('twice', specOf(6)), objectOf('twice', specOf(7))], ['Service bad/twice in twice.json:1']),
    service('duplicates', {
      clusterIP: '172.30.9.8',
      clusterIPs: ['172.30.9.8', '172.30.9.9', '::ffff:172.30.9.8'],
      ports: [
        { name: 'a', port: 80 },
        { name: 'a', port: 81 },
        { name: 'b', port: 80 },
      ],
    }),
    service('family', { ...specOf(10), externalIPs: ['fd00::9', '127.0.0.1', '0.0.0.0', '224.0.0.1'] }),
    json('zeros', [objectOf('zeros', { ...specOf(11), clusterIP: '172.030.009.011', clusterIPs: undefined })], []),
    json('unknown', [objectOf('unknown', { ...specOf(12), surprise: { deep: [1, { x: null }] } })], []),
    json('pod', [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'bad' } }], ['Pod bad/p']),
    json('nul-name', [objectOf('nul\0name', specOf(13))], ['Service bad/nul\0name']),
    {
      file: 'prototype.json',
      content: `{"apiVersion":"v1","kind":"Service","metadata":{"name":"prototype","namespace":"bad"},
        "__proto__":{"spec":{}},"constructor":{"prototype":{"polluted":true}},
        "spec":{"clusterIP":"172.30.9.14","ports":[{"port":80,"__proto__":{"port":81}}]}}`,
      objects: [],
    },
  ];
}

/** Hardly text. */
function badFiles(): readonly BadManifest[] {
  return [
    broken('half.json', '{"apiVersion": "v1", "kind": "Serv'),
    broken('line.json', `"${'x'.repeat(10 << 20)}"`),
    broken('deep.json', '['.repeat(200_000) + ']'.repeat(200_000)),
    broken('deep-object.json', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`),
    broken(
      'binary.yaml',
      Uint8Array.from({ length: 65_536 }, (_, index) => (index * 7919) & 255),
    ),
    broken('nul.yaml', 'apiVersion: v1\nkind: Service\nmetadata:\n  name: "nul\0"\n'),
    broken('utf16.yaml', Buffer.from('\ufeffapiVersion: v1\nkind: Service\n', 'utf16le')),
    broken('scalar.yaml', '42\n'),
    { file: 'empty.yaml', content: '', objects: [] },
    { file: 'comment.yaml', content: '# nothing\n---\n---\n', objects: [] },
  ];
}

function badYaml(): readonly BadManifest[] {
  const head = (name: string) => `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: bad}\n`;
  return [
    broken('truncated.yaml', `${head('truncated')}spec:\n  clusterIP: "172.30.9.`, 5),
    broken('tabs.yaml', 'apiVersion: v1\nkind: Service\n\tmetadata: {}\n', 3),
    broken('merge.yaml', `${head('merge')}spec:\n  <<: [1, 2]\n`, 5),
    broken('deep.yaml', `a: ${'['.repeat(100_000)}${']'.repeat(100_000)}\n`),
    broken('deep-block.yaml', Array.from({ length: 3000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join(''), 100),
    { file: 'bomb.yaml', content: `${bomb('[x, x]')}${head('bomb')}spec: *k\n`, objects: ['Service bad/bomb'] },
    {
      file: 'bomb-ports.yaml',
      content: `${bomb('[{port: 80}]')}${head('bomb-ports')}spec: {clusterIP: 172.30.9.15, ports: *k}\n`,
      objects: ['Service bad/bomb-ports'],
    },
    {
      file: 'cycle.yaml',
      content: `${head('cycle')}spec: &s\n  clusterIP: 172.30.9.16\n  ports: [*s]\n  more: *s\n`,
      objects: ['Service bad/cycle'],
    },
    {
      file: 'list.yaml',
      content: `apiVersion: v1
kind: List
items:
- 7
- null
- [1]
- ${head('in-list').replaceAll('\n', '\n  ')}spec: {clusterIP: 172.30.9.17, ports: [{port: 99999}]}
- {
`,
      objects: ['list.yaml:4', 'list.yaml:5', 'list.yaml:6', 'Service bad/in-list', 'list.yaml:11'],
    },
    {
      file: 'version.yaml',
      content: 'apiVersion: v2\nkind: Service\nmetadata: {name: version, namespace: bad}\n',
      objects: ['Service bad/version'],
    },
  ];
}

const SERVICE = { apiVersion: 'v1', kind: 'Service' };

/** Endpoints of Service bad/endpoints, none of which can serve. */
const SLICE = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'endpoints-x', namespace: 'bad', labels: { 'kubernetes.io/service-name': 'endpoints' } },
  addressType: 'IPv4',
  ports: [
    { name: '', port: 99_999, protocol: 'TCP' },
    { name: 'x', port: '80', protocol: 'FOO' },
  ],
  endpoints: [
    { addresses: ['fd00::1'] },
    { addresses: 'nope' },
    7,
    null,
    { addresses: ['010.001.000.009'], conditions: 'yes' },
    { addresses: ['999.1.1.1', '300.1.1.1', 'x', '::'] },
  ],
};

function specOf(number: number): object {
  const clusterIP = `172.30.9.${number}`;
  return { clusterIP, clusterIPs: [clusterIP], ports: [{ port: 80, protocol: 'TCP' }] };
}

function objectOf(name: string, spec: unknown): object {
  return { ...SERVICE, metadata: { name, namespace: 'bad' }, spec };
}

/** A Service of that name, refused as a whole or in part. */
function service(name: string, spec: unknown): BadManifest {
  return json(name, [objectOf(name, spec)], [`Service bad/${name}`]);
}

function json(name: string, items: readonly object[], objects: readonly string[]): BadManifest {
  const [only] = items;
  const whole = items.length === 1 ? only : { apiVersion: 'v1', kind: 'List', items };
  return { file: `${name}.json`, content: JSON.stringify(whole), objects };
}

/** Cannot be read at all: known by its line. */
function broken(file: string, content: string | Uint8Array, line = 1): BadManifest {
  return { file, content, objects: [`${file}:${line}`] };
}

/** Ten levels of ten aliases each, the last called k. */
function bomb(first: string): string {
  const names = [...'abcdefghijk'];
  return names
    .map(
      (name, level) =>
        `${name}: &${name} ${
          level === 0
            ? first
            : `[${Array(10)
                .fill(`*${names[level - 1]}`)
                .join(', ')}]`
        }\n`,
    )
    .join('');
}
