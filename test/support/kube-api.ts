import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Daemon } from './daemon.ts';
import { freePorts } from './free-ports.ts';
import { kubeBinaries } from './kube-binaries.ts';
import { KubeClient } from './kube-client.ts';
import { encodeObject } from './kube-protobuf.ts';

const ADMIN_TOKEN = 'admin-token';
const SEEDERS = 16;
/** Where the server keeps objects in etcd. */
const STORED = { Service: '/registry/services/specs', EndpointSlice: '/registry/endpointslices' } as const;
const STORED_ADDRESSES = '/registry/ipaddresses';

export interface SeededObject {
  readonly kind: keyof typeof STORED;
  readonly metadata: { readonly namespace: string; readonly name: string };
  /** Of a Service: within the server's range of ClusterIPs. */
  readonly spec?: { readonly clusterIPs?: readonly string[] };
}

const CLUSTER_IPS = '10.96.0.0/16';

/** A real kube-apiserver with its etcd and, where asked for, the EndpointSlice controller; on loopback, gone with the test. */
export class KubeApi implements AsyncDisposable {
  readonly #folder: string;
  readonly #programs: string;
  readonly #ports: Ports;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: SEEDERS });
  #etcd: Daemon | undefined;
  #server: Daemon | undefined;
  #controllers: Daemon | undefined;
  #admin: KubeClient | undefined;

  private constructor(programs: string, ports: Ports) {
    this.#programs = programs;
    this.#ports = ports;
    this.#folder = mkdtempSync(join(tmpdir(), 'bpfsvc-kube-api-'));
  }

  static async start({ clusterIps = CLUSTER_IPS } = {}): Promise<KubeApi> {
    const programs = kubeBinaries('etcd', 'kube-apiserver');
    const api = new KubeApi(programs, await freePorts('etcd', 'peer', 'server'));
    try {
      await api.#startEtcd();
      api.#writeKeys();
      await api.startServer({ 'service-cluster-ip-range': clusterIps });
      return api;
    } catch (error) {
      await api[Symbol.asyncDispose]();
      throw error;
    }
  }

  get url(): string {
    return `https://127.0.0.1:${this.#ports.server}`;
  }

  get port(): number {
    return this.#ports.server;
  }

  get serverPid(): number {
    if (this.#server === undefined) throw new Error('Cannot tell the pid of an API server that is not started');
    return this.#server.pid;
  }

  /** PEM of the certificate that the server made for itself. */
  get ca(): string {
    return readFileSync(join(this.#folder, 'certificates/apiserver.crt'), 'utf8');
  }

  /** Knows no limits. */
  get admin(): KubeClient {
    if (this.#admin === undefined) throw new Error('Cannot ask an API server that is not started');
    return this.#admin;
  }

  clientOf(token: string): KubeClient {
    return new KubeClient(this.url, this.ca, token);
  }

  /** With these flags beside those that it needs. */
  async startServer(flags: Readonly<Record<string, string>> = {}): Promise<void> {
    const file = (name: string): string => join(this.#folder, name);
    this.#server = new Daemon(join(this.#programs, 'kube-apiserver'), {
      'etcd-servers': `http://127.0.0.1:${this.#ports.etcd}`,
      'bind-address': '127.0.0.1',
      'secure-port': String(this.#ports.server),
      'cert-dir': file('certificates'),
      'token-auth-file': file('tokens.csv'),
      'authorization-mode': 'RBAC',
      'allow-privileged': 'true', // as the DaemonSet of deploy/ asks
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-signing-key-file': file('account.key'),
      'service-account-key-file': file('account.key'),
      'service-cluster-ip-range': CLUSTER_IPS,
      'disable-admission-plugins': 'ServiceAccount', // Pods without a controller that makes accounts
      'max-requests-inflight': '2000',
      'max-mutating-requests-inflight': '1000',
      v: '1',
      ...flags,
    });
    await this.#server.ready('kube-apiserver', () => this.#isReady());
    this.#admin?.[Symbol.dispose]();
    this.#admin = this.clientOf(ADMIN_TOKEN);
  }

  async stopServer(): Promise<void> {
    await this.#server?.stop();
  }

  /** Makes EndpointSlices of Pods. */
  async startControllers(): Promise<void> {
    const programs = kubeBinaries('kube-controller-manager');
    const kubeconfig = join(this.#folder, 'controllers.kubeconfig');
    writeFileSync(kubeconfig, this.kubeconfig(ADMIN_TOKEN));
    const { port } = await freePorts('port');
    this.#controllers = new Daemon(join(programs, 'kube-controller-manager'), {
      kubeconfig,
      controllers: 'endpointslice-controller',
      'leader-elect': 'false',
      'bind-address': '127.0.0.1',
      'secure-port': String(port),
      'cert-dir': join(this.#folder, 'controllers'),
      'kube-api-qps': '500',
      'kube-api-burst': '500',
    });
  }

  /** For a token, or with a file that holds it. */
  kubeconfig(token: string | { readonly file: string }, server = this.url): string {
    const ca = Buffer.from(this.ca).toString('base64');
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': ca } }],
      users: [{ name: 'test', user: typeof token === 'string' ? { token } : { tokenFile: token.file } }],
    });
  }

  /**
   * Puts objects where the server keeps them, as it would write them: ten thousand appear within seconds, where to ask
   * for each takes minutes. Their uid and creationTimestamp are the caller's.
   */
  async seed(objects: readonly SeededObject[]): Promise<void> {
    const left = objects.values();
    const putAll = async (): Promise<void> => {
      for (const object of left) {
        const { namespace, name } = object.metadata;
        await this.#put(`${STORED[object.kind]}/${namespace}/${name}`, encodeObject({ ...object }));
        for (const address of object.spec?.clusterIPs ?? []) {
          await this.#put(`${STORED_ADDRESSES}/${address}`, Buffer.from(JSON.stringify(claimOf(address, object))));
        }
      }
    };
    await Promise.all(Array.from({ length: SEEDERS }, putAll));
  }

  /** Forgets every version before now, as etcd does every five minutes. */
  async compact(): Promise<void> {
    const range = (await this.#askEtcd('/v3/kv/range', { key: Buffer.from('/').toString('base64') })) as {
      readonly header: { readonly revision: string };
    };
    await this.#askEtcd('/v3/kv/compaction', { revision: range.header.revision, physical: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#admin?.[Symbol.dispose]();
    this.#agent.destroy();
    await this.#controllers?.stop();
    await this.#server?.stop();
    await this.#etcd?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** One by one: no two objects of an API have the same resourceVersion. */
  async #put(key: string, value: Uint8Array): Promise<void> {
    const [key64, value64] = [Buffer.from(key), Buffer.from(value)].map((bytes) => bytes.toString('base64'));
    await this.#askEtcd('/v3/kv/put', { key: key64, value: value64 });
  }

  async #startEtcd(): Promise<void> {
    const client = `http://127.0.0.1:${this.#ports.etcd}`;
    const peer = `http://127.0.0.1:${this.#ports.peer}`;
    this.#etcd = new Daemon(join(this.#programs, 'etcd'), {
      'data-dir': join(this.#folder, 'etcd'),
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `default=${peer}`,
      'unsafe-no-fsync': 'true',
      'log-level': 'warn',
    });
    const ask = async (): Promise<boolean> => {
      try {
        await this.#askEtcd('/v3/kv/range', { key: Buffer.from('/').toString('base64') });
        return true;
      } catch {
        return false; // not yet
      }
    };
    await this.#etcd.ready('etcd', ask);
  }

  #writeKeys(): void {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(join(this.#folder, 'account.key'), privateKey.export({ type: 'sec1', format: 'pem' }));
    writeFileSync(join(this.#folder, 'tokens.csv'), `${ADMIN_TOKEN},admin,admin,system:masters\n`);
  }

  async #isReady(): Promise<boolean> {
    let client: KubeClient | undefined;
    try {
      client = this.clientOf(ADMIN_TOKEN);
      if ((await client.ask('GET', '/readyz')).status !== 200) return false;
      return (await client.ask('GET', '/api/v1/namespaces/default')).status === 200;
    } catch {
      return false; // not yet
    } finally {
      client?.[Symbol.dispose]();
    }
  }

  /** The JSON gateway of its gRPC. */
  #askEtcd(path: string, body: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const to = { host: '127.0.0.1', port: this.#ports.etcd, method: 'POST', path, agent: this.#agent };
      const asked = request(to, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', reject);
        response.on('end', () =>
          response.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(`etcd says ${text}`)),
        );
      });
      asked.on('error', reject);
      asked.end(JSON.stringify(body));
    });
  }
}

/** Without it the server, which looks at each Service every three minutes, would be busy for one of them. */
function claimOf(address: string, { metadata: { namespace, name } }: SeededObject): object {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: {
      name: address,
      uid: randomUUID(),
      labels: {
        'ipaddress.kubernetes.io/ip-family': 'IPv4',
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: { parentRef: { group: '', resource: 'services', namespace, name } },
  };
}

interface Ports {
  readonly etcd: number;
  readonly peer: number;
  readonly server: number;
}
