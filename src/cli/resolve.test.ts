import { expect, it } from 'vitest';
import { resolveSettings } from './resolve.ts';
import type { SettingValue } from './setting-value.ts';

const resolve = (given: Readonly<Record<string, SettingValue>>, file?: Readonly<Record<string, SettingValue>>) => {
  const config = { values: new Map(Object.entries(file ?? {})), withoutEffect: ['mode'], unknown: ['x'] };
  const { values, notices } = resolveSettings(new Map(Object.entries(given)), file === undefined ? undefined : config);
  return { values: Object.fromEntries(values), notices };
};

it('names the flags that do nothing', () => {
  expect(resolve({ manifests: 'm', v: 2, profiling: true, kubeconfig: 'k' })).toEqual({
    values: { manifests: 'm', v: 2, profiling: true, kubeconfig: 'k' },
    notices: [
      { message: 'flags without effect yet', names: ['--profiling', '--v'] },
      { message: 'flags without effect beside --manifests', names: ['--kubeconfig'] },
    ],
  });
});

it("prefers a file to kube-proxy's flags, and our own flags to the file", () => {
  expect(
    resolve(
      { manifests: 'm', 'masquerade-all': true, 'hostname-override': 'a' },
      { 'hostname-override': 'b', 'cluster-cidr': ['c'] },
    ),
  ).toEqual({
    values: { manifests: 'm', 'hostname-override': 'a', 'cluster-cidr': ['c'] },
    notices: [
      { message: 'flags left aside for --config', names: ['--masquerade-all'] },
      { message: 'configuration fields without effect yet', names: ['mode'] },
      { message: 'unknown configuration fields', names: ['x'] },
    ],
  });
});
