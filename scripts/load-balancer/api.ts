import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import yaml from 'js-yaml';

/** How to reach the API: a token, and the authority that its certificate is of. */
export interface Access {
  readonly server: string;
  readonly token: string;
  readonly authority: string;
}

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority': string } },
  ];
  readonly users: readonly [{ readonly user: { readonly token: string } }];
}

/** The access that a kubeconfig of scripts/cluster describes. */
export function readAccess(file: string): Access {
  const { clusters, users } = yaml.load(readFileSync(file, 'utf8')) as Kubeconfig; // written by scripts/cluster
  const { cluster } = clusters[0];
  return {
    server: cluster.server,
    token: users[0].user.token,
    authority: readFileSync(cluster['certificate-authority'], 'utf8'),
  };
}

const TIMEOUT_MS = 10_000;

/** The API server's JSON, over one connection. */
export class Api {
  readonly #access: Access;
  readonly #agent: Agent;

  constructor(access: Access) {
    this.#access = access;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1, ca: access.authority });
  }

  async list<T>(path: string): Promise<readonly T[]> {
    const { items } = (await this.#send('GET', path)) as { readonly items: readonly T[] }; // the API's own shape
    return items;
  }

  async patch(path: string, change: unknown): Promise<void> {
    await this.#send('PATCH', path, JSON.stringify(change));
  }

  #send(method: string, path: string, body?: string): Promise<unknown> {
    const headers = { authorization: `Bearer ${this.#access.token}`, 'content-type': 'application/merge-patch+json' };
    return new Promise((resolve, reject) => {
      const call = request(new URL(path, this.#access.server), {
        method,
        headers,
        agent: this.#agent,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      call.on('error', reject);
      call.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          if (response.statusCode === 200) resolve(JSON.parse(text));
          else reject(new Error(`Cannot ${method} "${path}": ${response.statusCode} ${text}`));
        });
      });
      call.end(body);
    });
  }
}
