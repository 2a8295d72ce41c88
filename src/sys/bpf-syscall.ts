import process from 'node:process';
import { libc } from './ffi/library.ts';
import type { Struct } from './ffi/struct.ts';

const SYS_BPF: Readonly<Record<string, number>> = { x64: 321, arm64: 280 };

/** bpf(2) itself, for what libbpf 1.1 can't say. -errno on failure. */
export function bpf(command: number, attr: Struct): number {
  const call = SYS_BPF[process.arch];
  if (call === undefined) throw new Error(`Cannot call bpf(2) on "${process.arch}": x64 and arm64 are known`);
  return libc().syscall(call, command, attr.bytes, attr.bytes.length);
}
