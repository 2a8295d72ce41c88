import type { RequestOptions } from 'node:https';
import { checkServerIdentity } from 'node:tls';
// Not the package's own entry: that loads every class of the API, which takes 0.4 s, 80 MB and 20 MB of the image.
import { AzureAuth } from '@kubernetes/client-node/dist/azure_auth.js';
import { ExecAuth } from '@kubernetes/client-node/dist/exec_auth.js';
import { FileAuth } from '@kubernetes/client-node/dist/file_auth.js';
import { GoogleCloudPlatformAuth } from '@kubernetes/client-node/dist/gcp_auth.js';
import { OpenIDConnectAuth } from '@kubernetes/client-node/dist/oidc_auth.js';
import { HttpProxyAgent, HttpsProxyAgent } from 'hpagent';
import { SocksProxyAgent } from 'socks-proxy-agent';
import { ConfigError } from '../../../errors.ts';
import { quote } from '../../../model/quote.ts';
import { type Fields, fieldsOf } from '../../../model/untrusted.ts';
import type { Access, Trust } from './access.ts';

export interface PluginContext {
  /** Of the kubeconfig. */
  readonly path: string;
  readonly cluster: Fields;
  readonly user: Fields;
}

/** A plug-in that hangs must not hang us for good. */
const DEADLINE_MS = 30_000;

/** What an exec plug-in, an auth provider or a proxy adds to the plain way of a kubeconfig. Throws ConfigError. */
export function pluginAccess(plain: Access, { path, cluster, user }: PluginContext): Access {
  const signIn = createSignIn(path, user);
  const proxy = proxyOf(path, cluster);
  return {
    server: plain.server,
    async trust() {
      const { cert, key } = await signIn();
      const own = { ...(isMaterial(cert) ? { cert } : {}), ...(isMaterial(key) ? { key } : {}) };
      const trust: Trust = { ...(await plain.trust()), ...own };
      return proxy === undefined ? trust : throughProxy(proxy, plain.server, trust);
    },
    async authorization() {
      const { headers } = await signIn();
      const header: unknown = fieldsOf(headers)['Authorization'];
      return (await plain.authorization()) ?? (typeof header === 'string' ? header : undefined);
    },
  };
}

/** client-node knows the plug-ins and providers; what they learn they keep. */
function createSignIn(path: string, user: Fields): () => Promise<RequestOptions> {
  const person = { name: path, exec: user['exec'], authProvider: user['auth-provider'] };
  const provider = [
    new AzureAuth(),
    new GoogleCloudPlatformAuth(),
    new ExecAuth(),
    new FileAuth(),
    new OpenIDConnectAuth(),
  ].find((each) => each.isAuthProvider(person));
  return async () => {
    const options: RequestOptions = { headers: {} };
    try {
      if (provider !== undefined) await within(provider.applyAuthentication(person, options));
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).trim().split('\n')[0];
      const cure = 'run its plug-in by hand and correct it';
      throw new ConfigError(`Cannot get credentials by kubeconfig "${path}": ${reason}: ${cure}`, { cause: error });
    }
    return options;
  };
}

function proxyOf(path: string, cluster: Fields): string | undefined {
  const proxy = cluster['proxy-url'];
  if (proxy === undefined) return undefined;
  if (typeof proxy === 'string' && URL.canParse(proxy) && /^(https?|socks5h?):$/.test(new URL(proxy).protocol)) {
    return proxy;
  }
  const cure = 'write it like http://192.0.2.1:3128';
  throw new ConfigError(
    `Cannot use kubeconfig "${path}": the proxy-url ${quote(proxy)}: it is no URL of http, https or socks5: ${cure}`,
  );
}

function throughProxy(proxy: string, server: URL, trust: Trust): Trust {
  if (proxy.startsWith('socks')) {
    const host = trust.servername ?? server.hostname.replace(/^\[|\]$/g, '');
    // The agent forgets a host that is an address: the certificate would have to be for "localhost".
    const checkIdentity: Trust['checkServerIdentity'] = (_, certificate) => checkServerIdentity(host, certificate);
    return { ...trust, agent: new SocksProxyAgent(proxy), checkServerIdentity: checkIdentity };
  }
  const options = { ...trust, proxy };
  return { ...trust, agent: server.protocol === 'https:' ? new HttpsProxyAgent(options) : new HttpProxyAgent(options) };
}

function isMaterial(value: unknown): value is string | Buffer {
  return typeof value === 'string' || Buffer.isBuffer(value);
}

async function within(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took more than ${DEADLINE_MS / 1000} s`)), DEADLINE_MS);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
