// Runs in the guest, one process for all checks: a line of JSON per finding on stdout.
import process from 'node:process';
import { KERNELS } from '../kernels.ts';
import type { Check, Finding } from './check.ts';
import { checksOf } from './checks.ts';

const kernel = KERNELS.find(({ name }) => name === process.env['VM_KERNEL']);
if (kernel === undefined) throw new Error('Cannot tell which kernel this is: not run by scripts/vm');
for (const check of checksOf(kernel)) {
  process.stdout.write(`${JSON.stringify(await find(check))}\n`);
}
// Probes and servers of the lab would keep it alive.
process.exit(0);

async function find(check: Check): Promise<Finding> {
  const started = performance.now();
  const failure = await failureOf(check);
  const found = { check: check.name, tookMs: Math.round(performance.now() - started) };
  return failure === undefined ? found : { ...found, failure };
}

async function failureOf(check: Check): Promise<string | undefined> {
  try {
    await check.run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
