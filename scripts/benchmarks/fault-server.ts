import process from 'node:process';
import type { RawObject } from '../../test/conformance/objects.ts';
import { NODE, NODE_NAME } from '../../test/support/addresses.ts';
import { CONNECTION_FAULTS } from '../../test/support/api-faults/connection-faults.ts';
import { type Behaviour, breakServices } from '../../test/support/api-faults/fault.ts';
import { ODDITIES } from '../../test/support/api-faults/oddities.ts';
import { startFakeApi } from '../../test/support/fake-api.ts';
import { FakeCluster } from '../../test/support/fake-cluster.ts';
import { nodeObject } from '../../test/support/objects.ts';
import { serviceWithSlice } from './cluster-objects.ts';
import { API_PORT, FAULTS, type FromServer, LATER, SERVICES, type ToServer } from './fault-protocol.ts';

/**
 * An API server that is healthy until its parent says "break" and again after "heal", when there is one Service more:
 * fault-server.js FAULT. A process of its own, so that it can live in a network namespace and be stopped.
 */
const [name = ''] = process.argv.slice(2);
const world = Array.from({ length: SERVICES }, (_, index) => serviceWithSlice(index)).flat() as RawObject[]; // API objects
const cluster = new FakeCluster([nodeObject(NODE_NAME, NODE) as RawObject, ...world]);
let isBroken = false;
let seized = 0;
let broken = { answers: 0 };
const api = await startFakeApi('h2', cluster.answer, {
  port: API_PORT,
  seize(socket) {
    if (!isBroken || CONNECTION_FAULTS[name]?.seize(socket) !== true) return false;
    seized += 1;
    return true;
  },
});

process.on('disconnect', () => process.exit());
process.on('message', (order: ToServer) => {
  if (order === 'break') breakDown();
  else heal();
  tell({ answers: broken.answers + seized });
});
tell({ ca: api.ca });

function breakDown(): void {
  isBroken = true;
  const behaviour = behaviourOf(name);
  if (behaviour !== undefined) broken = breakServices(cluster, behaviour);
  if (name !== 'none') api.cut();
}

function heal(): void {
  isBroken = false;
  cluster.hijack = () => false;
  cluster.watchList = true;
  for (const object of serviceWithSlice(LATER)) cluster.set(object as RawObject);
  cluster.compact();
  api.cut();
}

function behaviourOf(fault: string): Behaviour | undefined {
  const services = world.filter(({ kind }) => kind === 'Service');
  return FAULTS[fault] ?? ODDITIES[fault]?.(services);
}

function tell(message: FromServer): void {
  process.send?.(message);
}
