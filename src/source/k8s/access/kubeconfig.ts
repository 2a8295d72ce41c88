import { dirname, isAbsolute, join } from 'node:path';
import { load } from 'js-yaml';
import { ConfigError } from '../../../errors.ts';
import { quote } from '../../../model/quote.ts';
import { type Fields, fieldsOf } from '../../../model/untrusted.ts';
import { type Access, parseServer, type Trust } from './access.ts';
import { bearer, readCredential } from './read-credential.ts';

export interface Kubeconfig {
  readonly path: string;
  /** Of --api-server: in place of the cluster's. */
  readonly server: string | undefined;
}

/** The current context of a kubeconfig. Rejects with ConfigError. */
export async function kubeconfigAccess(kubeconfig: Kubeconfig): Promise<Access> {
  const { path } = kubeconfig;
  const { cluster, user } = readContext(path);
  trustOf(path); // a file that is missing from the start should end it
  const plain: Access = {
    server: serverOf(kubeconfig, cluster),
    trust: async () => trustOf(path),
    authorization: async () => authorizationOf(path),
  };
  if (cluster['proxy-url'] === undefined && user['exec'] === undefined && user['auth-provider'] === undefined) {
    return plain;
  }
  // Most never need what this loads.
  const { pluginAccess } = await import('./kubeconfig-plugin.ts');
  return pluginAccess(plain, { path, cluster, user });
}

interface Context {
  readonly cluster: Fields;
  readonly user: Fields;
}

function readContext(path: string): Context {
  const text = readCredential(path, 'kubeconfig', 'correct --kubeconfig').toString();
  let config: Fields;
  try {
    config = fieldsOf(load(text));
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new ConfigError(`Cannot read kubeconfig "${path}": it is neither YAML nor JSON: ${reason}: correct it`, {
      cause: error,
    });
  }
  const current = config['current-context'];
  if (typeof current !== 'string' || current === '') {
    throw new ConfigError(
      `Cannot use kubeconfig "${path}": it has no current-context: set one with kubectl config use-context NAME`,
    );
  }
  const context = find(path, config, { list: 'contexts', key: 'context', name: current });
  const cluster = find(path, config, { list: 'clusters', key: 'cluster', name: context['cluster'] });
  const user = context['user'];
  const isNamed = typeof user === 'string' && user !== '';
  return { cluster, user: isNamed ? find(path, config, { list: 'users', key: 'user', name: user }) : {} };
}

interface Entry {
  readonly list: string;
  readonly key: string;
  readonly name: unknown;
}

function find(path: string, config: Fields, { list, key, name }: Entry): Fields {
  const items = config[list];
  const found = Array.isArray(items) ? items.map(fieldsOf).find((item) => item['name'] === name) : undefined;
  if (found !== undefined) return fieldsOf(found[key]);
  throw new ConfigError(`Cannot use kubeconfig "${path}": its ${list} have no ${quote(name)}: add it or use another`);
}

function serverOf({ path, server }: Kubeconfig, cluster: Fields): URL {
  if (server !== undefined) return parseServer(server, '--api-server');
  return parseServer(text(cluster, 'server') ?? '', `kubeconfig "${path}": the cluster's server`);
}

function trustOf(path: string): Trust {
  const { cluster, user } = readContext(path);
  const ca = material(path, cluster, 'certificate-authority');
  const cert = material(path, user, 'client-certificate');
  const key = material(path, user, 'client-key');
  const servername = text(cluster, 'tls-server-name');
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
    ...(cluster['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}),
  };
}

function authorizationOf(path: string): string | undefined {
  const { user } = readContext(path);
  const token = text(user, 'token');
  const file = text(user, 'tokenFile');
  // As kubectl: the file counts where both are given.
  if (file !== undefined) {
    return bearer(readCredential(beside(path, file), 'the token file', 'correct the kubeconfig').toString());
  }
  if (token !== undefined) return bearer(token);
  const name = text(user, 'username');
  if (name === undefined) return undefined;
  return `Basic ${Buffer.from(`${name}:${text(user, 'password') ?? ''}`).toString('base64')}`;
}

/** What stands under NAME-data in base64, else in the file under NAME. */
function material(path: string, fields: Fields, name: string): Buffer | undefined {
  const data = text(fields, `${name}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64');
  const file = text(fields, name);
  return file === undefined ? undefined : readCredential(beside(path, file), `the ${name}`, 'correct the kubeconfig');
}

function beside(path: string, file: string): string {
  return isAbsolute(file) ? file : join(dirname(path), file);
}

function text(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
