import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import { toRunConfig } from '../config.ts';
import type { Context } from './context.ts';
import { givenValues } from './flags.ts';
import { runCommand } from './run.ts';

// deploy/ and the program have to agree on flags, files and ports.

interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string }[];
  readonly startupProbe: { readonly exec: { readonly command: readonly string[] } };
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
}

interface Probe {
  readonly httpGet: { readonly port: number; readonly path: string };
}

const daemonSet = load(readFileSync('deploy/daemon-set.yaml', 'utf8')) as {
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly [Container] } } };
};
const [container] = daemonSet.spec.template.spec.containers;

test('the DaemonSet calls the program as it is', () => {
  const [name, ...args] = container.args;
  const environment = new Map([
    ['API_SERVER', 'https://192.0.2.1:6443'],
    ['NODE_NAME', 'node-a'],
  ]);
  const argv = args.map((arg) => arg.replace(/\$\((\w+)\)/g, (_, key: string) => environment.get(key) ?? arg));
  const command = runCommand({} as Context) // nothing is run
    .exitOverride()
    .action(() => undefined);
  const values = givenValues(command.parse(argv, { from: 'user' }));
  expect(name).toBe('run');
  expect(values).toEqual(
    new Map<string, string | boolean>([
      ['api-server', 'https://192.0.2.1:6443'],
      ['hostname-override', 'node-a'],
      ['standby', true],
      ['ready-file', '/run/bpfsvc/ready'],
    ]),
  );
  const used = container.args.join(' ').matchAll(/\$\((\w+)\)/g);
  const set = new Set(container.env.map((variable) => variable.name));
  expect(Array.from(used, ([, key = '']) => set.has(key))).toEqual([true, true]);
});

test('its probes ask where the program answers', () => {
  const config = toRunConfig(new Map([['manifests', '/m']]), 'node-a');
  for (const { httpGet } of [container.readinessProbe, container.livenessProbe]) {
    expect([httpGet.port, httpGet.path]).toEqual([config.healthz?.port, '/livez']);
  }
  expect(container.startupProbe.exec.command).toEqual(['test', '-e', '/run/bpfsvc/ready']);
});
