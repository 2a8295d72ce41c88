import { beforeAll, describe, expect, it } from 'vitest';
import { checksOf } from './guest/checks.ts';
import { type Boot, bootKernel, compileForGuests } from './host.ts';
import { KERNELS, type Kernel } from './kernels.ts';

/** Emulated processors share the real ones: more than this at once and none meets its deadlines. */
const AT_ONCE = 2;
const DEADLINE_MS = 25 * 60_000;

const boots = new Map<Kernel, Boot>();
beforeAll(async () => {
  await compileForGuests();
  const queue = KERNELS.values();
  const bootRest = async (): Promise<void> => {
    for (const kernel of queue) boots.set(kernel, await bootKernel(kernel));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, bootRest));
}, DEADLINE_MS);

describe.each(KERNELS)('kernel $name', (kernel) => {
  it('boots, and ends what it began', () => {
    const { status, stderr } = boots.get(kernel) ?? { stderr: 'it was not booted' };
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  });

  it.each(checksOf(kernel).map(({ name }) => name))('%s', (name) => {
    const found = boots.get(kernel)?.findings.find(({ check }) => check === name);
    expect(found?.failure ?? (found === undefined ? 'the guest did not come so far' : 'holds')).toBe('holds');
  });
});
