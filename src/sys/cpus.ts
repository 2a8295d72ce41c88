import { check } from './errno.ts';
import { libbpf } from './ffi/library.ts';

/** CPUs that may ever be there: the length of a per-CPU value. */
export function possibleCpus(): number {
  return check(libbpf().libbpf_num_possible_cpus(), 'count CPUs', '/sys/devices/system/cpu/possible');
}
