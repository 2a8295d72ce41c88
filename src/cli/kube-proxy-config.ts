import { readFileSync } from 'node:fs';
import { ConfigError } from '../errors.ts';
import { quote } from '../model/quote.ts';
import { fieldsOf, isFields } from '../model/untrusted.ts';
import { loadYaml } from '../source/manifests/load-yaml.ts';
import { parseField, type SettingValue, type Values } from './setting-value.ts';
import { SETTINGS } from './settings.ts';

/** A KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1), by the settings it stands for. */
export interface KubeProxyConfig {
  readonly values: Values;
  /** Set, and known to kube-proxy, but nothing follows from it here. */
  readonly withoutEffect: readonly string[];
  readonly unknown: readonly string[];
}

const API_VERSION = 'kubeproxy.config.k8s.io/v1alpha1';
/** Fields that no flag stands for; those with sections hold others. */
const OTHER_FIELDS: ReadonlySet<string> = new Set([
  ...['apiVersion', 'kind', 'mode', 'windowsRunAsService', 'clientConnection.acceptContentTypes'],
  ...['nftables.masqueradeAll', 'logging.options', 'winkernel'],
]);
const WHOLE: ReadonlySet<string> = new Set(['featureGates', 'logging.options', 'winkernel']);

/** Throws ConfigError where the file can't be read or a field that counts is wrong. */
export function readKubeProxyConfig(path: string): KubeProxyConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new ConfigError(`Cannot read configuration "${path}": ${code}: correct --config`, { cause });
  }
  const loaded = loadYaml(text);
  if (!loaded.ok)
    throw new ConfigError(`Cannot read configuration "${path}", line ${loaded.line + 1}: ${loaded.reason}`);
  return parseKubeProxyConfig(path, loaded.raw);
}

/** Throws ConfigError, which names `path`. */
export function parseKubeProxyConfig(path: string, raw: unknown): KubeProxyConfig {
  const { apiVersion, kind } = fieldsOf(raw);
  if (apiVersion !== API_VERSION || kind !== 'KubeProxyConfiguration') {
    const found = `${quote(kind)} of ${quote(apiVersion)}`;
    throw new ConfigError(
      `Cannot use configuration "${path}": it is ${found}: write a KubeProxyConfiguration of ${API_VERSION}`,
    );
  }
  const fields = flatten(raw);
  const values = new Map<string, SettingValue>();
  const withoutEffect: string[] = [];
  for (const setting of SETTINGS) {
    const value = setting.field === undefined ? undefined : fields.get(setting.field);
    if (setting.field === undefined || value === undefined) continue;
    if (setting.role === 'without effect') {
      withoutEffect.push(setting.field);
      continue;
    }
    const parsed = parseField(setting, value);
    if (!parsed.ok) throw new ConfigError(`Cannot use configuration "${path}": ${setting.field}: ${parsed.reason}`);
    values.set(setting.name, parsed.value);
  }
  applyMode(path, fields, values, withoutEffect);
  const known = new Set([...OTHER_FIELDS, ...SETTINGS.map((setting) => setting.field)]);
  return { values, withoutEffect, unknown: [...fields.keys()].filter((field) => !known.has(field)) };
}

/** nftables mode has a section and defaults of its own. */
function applyMode(
  path: string,
  fields: ReadonlyMap<string, unknown>,
  values: Map<string, SettingValue>,
  withoutEffect: string[],
): void {
  const mode = fields.get('mode');
  if (mode === undefined) return;
  if (mode !== 'iptables' && mode !== 'ipvs' && mode !== 'nftables') {
    throw new ConfigError(
      `Cannot use configuration "${path}": mode: ${quote(mode)} is none of iptables, ipvs, nftables`,
    );
  }
  withoutEffect.push('mode');
  if (mode !== 'nftables') return;
  values.set('masquerade-all', fields.get('nftables.masqueradeAll') === true);
  values.set('iptables-localhost-nodeports', false);
  if (!values.has('nodeport-addresses')) values.set('nodeport-addresses', ['primary']);
}

/** Dotted path -> value of what is set; null, empty and zero mean the default. */
function flatten(raw: unknown): ReadonlyMap<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const [name, value] of Object.entries(fieldsOf(raw))) {
    if (!isFields(value) || WHOLE.has(name)) {
      if (isSet(value)) fields.set(name, value);
      continue;
    }
    for (const [inner, innerValue] of Object.entries(value)) {
      if (isSet(innerValue)) fields.set(`${name}.${inner}`, innerValue);
    }
  }
  return fields;
}

/** false is kept: the default of one field is true. */
function isSet(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === 0 || value === '0s') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
