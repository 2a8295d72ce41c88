import { pino } from 'pino';
import { test, expect } from 'vitest';
import { createBpfBackend } from '../../src/backend/bpf/driver.ts';
import { rawEndpoint, rawNode, rawService, rawSlice } from '../conformance/objects.ts';
import { planObjects, setRaw } from '../conformance/plan-objects.ts';
import { makeScratch } from './hooks-scratch.ts';
test('perf', async () => {
  using scratch = makeScratch();
  const objects: any[] = [rawNode(['192.0.2.1'])];
  for (let i = 0; i < 10000; i++) {
    const ipa = `172.${16 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;
    objects.push(rawService({ metadata: { name: `svc${i}` }, spec: { clusterIP: ipa, clusterIPs: [ipa] } }));
    objects.push(rawSlice({ metadata: { name: `svc${i}-x`, namespace: 'ns1', labels: { 'kubernetes.io/service-name': `svc${i}` } }, endpoints: Array.from({ length: 10 }, (_, j) => rawEndpoint(`10.${j}.${(i >> 8) & 255}.${i & 255}`)) }));
  }
  const planner = planObjects(objects);
  const backend = await createBpfBackend({ bpffs: scratch.bpffs, cgroup: scratch.cgroup, socketHooks: true, uplinks: ['none'], podDevices: ['none'], nodeName: 'a', podName: '', standby: false, signal: new AbortController().signal, log: pino({ level: 'silent' }), requestSync: () => undefined });
  const R = { updated: new Map(), removed: new Set<any>(), node: undefined };
  const { servicePorts, node } = planner.state();
  console.log(await backend.sync(planner.state(), { updated: servicePorts, removed: new Set(), node }));
  for (let k = 0; k < 4; k++) {
    const c0 = process.cpuUsage();
    const r = await backend.sync(planner.state(), R);
    const c = process.cpuUsage(c0);
    console.log('resync', r.tookMs, (c.user + c.system) / 1000, r.writes);
  }
  for (let k = 0; k < 3; k++) {
    setRaw(planner, rawSlice({ endpoints: [rawEndpoint('10.0.1.5'), rawEndpoint(`10.99.1.${k}`)], metadata: { name: 'svc1-x', labels: { 'kubernetes.io/service-name': 'svc1' } } }));
    const t = performance.now();
    const d = planner.plan();
    const r = await backend.sync(planner.state(), d);
    console.log('delta', performance.now() - t, r.writes);
  }
  console.log('resync after delta', (await backend.sync(planner.state(), R)).tookMs, process.memoryUsage().rss / 1e6);
  console.log('resync after', (await backend.sync(planner.state(), R)).tookMs, process.memoryUsage().rss / 1e6);
  await backend[Symbol.asyncDispose]();
  expect(1).toBe(1);
}, 60000);
