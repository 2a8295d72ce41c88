import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Lab } from '../../../test/support/lab.ts';
import { REPOSITORY } from '../../../test/support/repository.ts';

/** answer.c in a pod, under the pod's name; it ends with the lab. */
export async function startAnswerer(lab: Lab, pod: string, port: number): Promise<void> {
  const program = join(REPOSITORY, 'dist/benchmarks/answer');
  const [file = '', ...argv] = [...lab.pod(pod).enter(), program, String(port), pod];
  const child = spawn(file, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close').then(() => Promise.reject(new Error(`Cannot serve in pod "${pod}": it ended`)));
  ended.catch(() => undefined); // later, that is the lab's end
  await Promise.race([once(child.stdout, 'data'), ended]);
}
