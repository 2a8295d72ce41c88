import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { Addresses } from './addresses.ts';
import { Api, readAccess } from './api.ts';
import { balance } from './balance.ts';
import { Routes } from './routes.ts';

/**
 * The load balancer of scripts/cluster: main.js KUBECONFIG SOURCE, in the control plane's network namespace. Gives
 * Services of type LoadBalancer an address of 198.51.100.0/24 (2001:db8:5100::/64) and routes it to the nodes.
 */
const PASS_MS = 500;

const [kubeconfig = '', source = ''] = process.argv.slice(2);
const api = new Api(readAccess(kubeconfig));
const routes = new Routes(source);
const balancer = { api, addresses: new Addresses(), routes };
await routes.swallow('198.51.100.0/24');
for (;;) {
  try {
    await balance(balancer);
  } catch (error) {
    // An object may have changed meanwhile, the API may be starting: the next pass sees.
    console.error(new Date().toISOString(), error instanceof Error ? error.message : error);
  }
  await wait(PASS_MS);
}
