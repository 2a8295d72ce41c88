import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY } from './repository.ts';

/** The folder with Kubernetes' own programs; builds those of these names that are missing, which takes minutes. */
export function kubeBinaries(...names: readonly string[]): string {
  const stdout = execFileSync(join(REPOSITORY, 'scripts/kube-binaries'), names, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return stdout.trim();
}
