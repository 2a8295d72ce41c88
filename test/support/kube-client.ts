import { Agent, request } from 'node:https';

export interface KubeAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A plain client of an API server, of another make than the one under test. */
export class KubeClient implements Disposable {
  readonly token: string;
  readonly #server: string;
  readonly #agent: Agent;

  constructor(server: string, ca: string, token: string) {
    this.#server = server;
    this.token = token;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 16, ca });
  }

  /** Any answer of the server is one; rejects where there is none. */
  ask(
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<KubeAnswer> {
    return new Promise((resolve, reject) => {
      const asked = request(
        new URL(path, this.#server),
        {
          method,
          agent: this.#agent,
          headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json', ...headers },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks);
            const isJson = response.headers['content-type']?.startsWith('application/json') === true;
            resolve({
              status: response.statusCode ?? 0,
              body: isJson && text.length > 0 ? (JSON.parse(text.toString()) as unknown) : text,
            });
          });
        },
      );
      asked.on('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** As ask, but anything other than success is an error. */
  async do(
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const answer = await this.ask(method, path, body, headers);
    if (answer.status >= 300) {
      throw new Error(`Cannot ${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  }

  patch(path: string, body: object): Promise<unknown> {
    return this.do('PATCH', path, body, { 'content-type': 'application/merge-patch+json' });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
