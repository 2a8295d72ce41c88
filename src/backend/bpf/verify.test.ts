import { describe, expect, it } from 'vitest';
import { buildFrontend, buildNode, buildServicePort, byKey } from '../../../test/support/service-ports.ts';
import type { Ip } from '../../model/ip.ts';
import { createFakeKernel, FAKE_CAPACITIES } from '../fake/kernel.ts';
import { commit } from './commit.ts';
import { diffAll } from './diff.ts';
import { observe } from './observe.ts';
import { type Findings, verify } from './verify.ts';
import type { Write } from './write.ts';

const small = { ...FAKE_CAPACITIES, services: 8, slots: 16, backends: 16 };

/** Findings of two sound Services, "a" with id 1 and "b" with id 2, after these writes. */
function verifyAfter(...writes: readonly Write[]): Findings {
  const kernel = createFakeKernel(small);
  const servicePorts = byKey(
    buildServicePort({ name: 'a' }),
    buildServicePort({ name: 'b', frontends: [buildFrontend({ address: '10.0.0.2' })] }),
  );
  const whole = { servicePorts, node: buildNode(), environment: { deviceAddresses: [] }, nowMs: 0 };
  for (const part of diffAll(observe(kernel), whole)) commit(part, kernel);
  commit(writes, kernel);
  return verify(observe(kernel));
}

const forward = (offset: number, size: number) => ({ verdict: 1, offset, size, flags: 0 });
const free = { addr: '::' as Ip, port: 0, proto: 0, flags: 0 };
const b = 'Service 2 (ns/b:http/TCP/IPv4)';

describe('verify', () => {
  it('has nothing to say about a sound image', () => {
    expect(verifyAfter()).toEqual({ broken: [], unfinished: [] });
  });

  it('finds columns that lead astray', () => {
    const { broken } = verifyAfter(
      { kind: 'store-column', serviceId: 2, column: 0, value: forward(0, 1) },
      { kind: 'store-column', serviceId: 2, column: 1, value: forward(14, 4) },
      { kind: 'store-column', serviceId: 2, column: 2, value: forward(8, 1) },
    );
    expect(broken).toEqual([
      `${b} column 0: slots 0+1 are another's too, or not there`,
      `${b} column 1: slots 14+4 are another's too, or not there`,
      `${b} column 2: slots 8+1: slot 8 is not this service's`,
    ]);
  });

  it('finds slots, members and frontends that name nothing', () => {
    const { broken } = verifyAfter(
      { kind: 'store-backend', id: 1, row: free },
      { kind: 'put', map: 'members', key: { serviceId: 2, backendId: 9 }, value: { flags: 1 } },
      {
        kind: 'put',
        map: 'frontends',
        key: { addr: '10.0.0.2' as Ip, port: 80, proto: 6 },
        value: { serviceId: 7, scope: 0 },
      },
    );
    const places = [0, 1, 2].flatMap((column) => [
      `Service 1 (ns/a:http/TCP/IPv4) column ${column}: slots 0+1: slot 0 names no backend`,
    ]);
    const others = [0, 1, 2].map((column) => `${b} column ${column}: slots 1+1: slot 1 names no backend`);
    expect(broken).toEqual([
      ...places,
      ...others,
      `${b}: member 9 is no backend`,
      'Frontend 10.0.0.2 80/6 leads to service 7, which has no verdict for it',
    ]);
  });

  it('finds what a cut commit leaves behind', () => {
    const { unfinished } = verifyAfter(
      { kind: 'store-backend', id: 5, row: { ...free, proto: 6 } },
      { kind: 'delete', map: 'service_names', key: 2 },
      { kind: 'drain', vip: '10.0.0.1' as Ip },
    );
    expect(unfinished).toEqual([
      'Service 2 has no name',
      'Frontend 10.0.0.1 80/6 has no VIP',
      'Backend 5 serves nobody',
    ]);
  });
});
