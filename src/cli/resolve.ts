import type { KubeProxyConfig } from './kube-proxy-config.ts';
import type { Values } from './setting-value.ts';
import { SETTINGS } from './settings.ts';

/** Something that was given and does not do what it says: for people to know. */
export interface Notice {
  readonly message: string;
  readonly names: readonly string[];
}

export interface Resolved {
  readonly values: Values;
  readonly notices: readonly Notice[];
}

/** As resolveSettings, with the file that --config names. Rejects with ConfigError. */
export async function resolveGiven(given: Values): Promise<Resolved> {
  const path = given.get('config');
  if (typeof path !== 'string') return resolveSettings(given, undefined);
  const { readKubeProxyConfig } = await import('./kube-proxy-config.ts');
  return resolveSettings(given, readKubeProxyConfig(path));
}

/** Flags over file, as kube-proxy does: with a file only the hostname counts of its own flags. */
export function resolveSettings(given: Values, file: KubeProxyConfig | undefined): Resolved {
  const kubeProxys = namesOf('kube-proxy').filter((name) => given.has(name));
  const withoutEffect = namesOf('without effect').filter((name) => given.has(name));
  const notices: Notice[] = [{ message: 'flags without effect yet', names: withoutEffect.map(flag) }];
  const values = new Map(given);
  if (file !== undefined) {
    for (const name of kubeProxys) values.delete(name);
    for (const [name, value] of file.values) if (!values.has(name)) values.set(name, value);
    notices.push(
      { message: 'flags left aside for --config', names: kubeProxys.map(flag) },
      { message: 'configuration fields without effect yet', names: file.withoutEffect },
      { message: 'unknown configuration fields', names: file.unknown },
    );
  }
  if (values.has('manifests')) {
    const others = ['kubeconfig', 'api-server'].filter((name) => values.has(name));
    notices.push({ message: 'flags without effect beside --manifests', names: others.map(flag) });
  }
  return { values, notices: notices.filter((notice) => notice.names.length > 0) };
}

function namesOf(role: 'kube-proxy' | 'without effect'): readonly string[] {
  return SETTINGS.filter((setting) => setting.role === role).map((setting) => setting.name);
}

function flag(name: string): string {
  return `--${name}`;
}
