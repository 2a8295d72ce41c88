import { existsSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { ConfigError } from '../../../errors.ts';
import { type Access, parseServer } from './access.ts';
import { bearer, readCredential } from './read-credential.ts';

export interface InCluster {
  /** Of --api-server; undefined: the cluster's own, a ClusterIP. */
  readonly server: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the service account is mounted. */
  readonly folder?: string;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const CURE = 'run in a pod with a service account, or give --kubeconfig FILE or --manifests DIR';

/** The service account of the pod we run in. Throws ConfigError where there is none. */
export function inClusterAccess({ server, environment, folder = SERVICE_ACCOUNT }: InCluster): Access {
  const url = server === undefined ? clusterServer(environment) : parseServer(server, '--api-server');
  const [token, ca] = [join(folder, 'token'), join(folder, 'ca.crt')];
  // As kube-proxy's --master alone: a local proxy of the API needs no account.
  const isOpen = url.protocol === 'http:' && !existsSync(token);
  const readToken = (): Buffer => readCredential(token, "the service account's token", CURE);
  if (!isOpen) readToken();
  return {
    server: url,
    trust: async () =>
      url.protocol === 'http:' ? {} : { ca: readCredential(ca, "the service account's certificate authority", CURE) },
    authorization: async () => (isOpen ? undefined : bearer(readToken().toString())),
  };
}

function clusterServer(environment: InCluster['environment']): URL {
  const host = environment['KUBERNETES_SERVICE_HOST'];
  const port = environment['KUBERNETES_SERVICE_PORT'];
  if (host === undefined || port === undefined || host === '' || port === '') {
    throw new ConfigError(`Cannot find a source: KUBERNETES_SERVICE_HOST is not set, so this is no pod: ${CURE}`);
  }
  return parseServer(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`, 'KUBERNETES_SERVICE_HOST');
}
