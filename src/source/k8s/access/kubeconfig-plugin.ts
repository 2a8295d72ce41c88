import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { ConfigError } from '../../../errors.ts';
import { fieldsOf } from '../../../model/untrusted.ts';
import type { Access, Trust } from './access.ts';

/** A plug-in that hangs must not hang us for good. */
const DEADLINE_MS = 30_000;

/** A kubeconfig with an exec plug-in, an auth provider or a proxy: client-node knows them all. Throws ConfigError. */
export function pluginAccess(path: string, server: URL): Access {
  const config = new KubeConfig();
  config.loadFromFile(path);
  const apply = async (): Promise<RequestOptions> => {
    const options: RequestOptions = {};
    try {
      await within(config.applyToHTTPSOptions(options));
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).trim().split('\n')[0];
      const cure = 'run its plug-in by hand and correct it';
      throw new ConfigError(`Cannot get credentials by kubeconfig "${path}": ${reason}: ${cure}`, { cause: error });
    }
    return options;
  };
  return {
    server,
    trust: async () => toTrust(await apply(), isProxied(config)),
    authorization: async () => {
      const { headers, auth } = await apply();
      if (typeof auth === 'string') return `Basic ${Buffer.from(auth).toString('base64')}`;
      const header: unknown = fieldsOf(headers)['Authorization'];
      return typeof header === 'string' ? header : undefined;
    },
  };
}

function isProxied(config: KubeConfig): boolean {
  return config.getCurrentCluster()?.proxyUrl !== undefined;
}

function toTrust(options: RequestOptions, proxied: boolean): Trust {
  const { ca, cert, key, servername, rejectUnauthorized, agent } = options;
  return {
    ...(isMaterial(ca) ? { ca } : {}),
    ...(isMaterial(cert) ? { cert } : {}),
    ...(isMaterial(key) ? { key } : {}),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    ...(proxied && typeof agent === 'object' ? { agent } : {}),
  };
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
