import { VerifierError } from '../errors.ts';
import { check, Errno, sysError } from './errno.ts';
import { Fd } from './fd.ts';
import { libbpf } from './ffi/library.ts';
import { Struct } from './ffi/struct.ts';
import { openPin, pinTo } from './pin.ts';
import { type ProgramInfo, readProgramInfo } from './program-info.ts';
import { runTest, type TestRun, type TestRunResult } from './test-run.ts';

/** Raw instructions, for probes and tests. */
export interface ProgramSpec {
  readonly name: string;
  /** ProgramType */
  readonly type: number;
  /** AttachType; 0 where the type of program needs none. */
  readonly expectedAttachType: number;
  readonly instructions: Uint8Array;
}

/** What the kernel does not report: known to whoever loaded the program. */
export interface LoadedAs {
  readonly name: string;
  readonly expectedAttachType: number;
}

const LOG_BYTES = 1 << 16;

/** A loaded program. Dispose closes our descriptor; links and pins keep the program. */
export class Program implements Disposable, ProgramInfo {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly tag: string;
  readonly mapIds: readonly number[];
  /** AttachType; undefined where it was opened by pin or id. */
  readonly expectedAttachType: number | undefined;
  readonly #fd: Fd;

  private constructor(fd: Fd, info: ProgramInfo, expectedAttachType: number | undefined) {
    this.id = info.id;
    this.name = info.name;
    this.type = info.type;
    this.tag = info.tag;
    this.mapIds = info.mapIds;
    this.expectedAttachType = expectedAttachType;
    this.#fd = fd;
  }

  /** Takes the descriptor over. */
  static fromFd(fd: Fd, loadedAs?: LoadedAs): Program {
    const info = readProgramInfo(fd);
    const name = loadedAs?.name ?? info.name;
    return new Program(fd, { ...info, name }, loadedAs?.expectedAttachType);
  }

  /** Throws VerifierError where the verifier refuses, SysError for anything else. */
  static load(spec: ProgramSpec): Program {
    const { name, type, expectedAttachType, instructions } = spec;
    const log = Buffer.alloc(LOG_BYTES);
    // Log level 0 with a buffer: libbpf asks for the log only after a refusal.
    const options = Struct.options(104).u32(12, expectedAttachType).u32(92, LOG_BYTES).pointer(96, log);
    const count = instructions.length / 8;
    const result = libbpf().bpf_prog_load(type, name, 'GPL', instructions, count, options.bytes);
    if (result < 0 && log[0] !== 0)
      throw new VerifierError(name, logText(log), { cause: sysError('load program', name, -result) });
    return Program.fromFd(new Fd(check(result, 'load program', name)), spec);
  }

  static openPinned(path: string): Program | undefined {
    const fd = openPin(path, 'bpf-prog');
    return fd === undefined ? undefined : Program.fromFd(fd);
  }

  /** undefined: no such program (any more). */
  static openById(id: number): Program | undefined {
    const fd = libbpf().bpf_prog_get_fd_by_id(id);
    return fd === -Errno.ENOENT ? undefined : Program.fromFd(new Fd(check(fd, 'open program', `id ${id}`)));
  }

  get fd(): number {
    return this.#fd.value;
  }

  pin(path: string): void {
    pinTo(this.fd, path);
  }

  /** BPF_PROG_TEST_RUN; the kernel has it for sched_cls, not for cgroup sock_addr. */
  testRun(run: TestRun): TestRunResult {
    return runTest(this, run);
  }

  [Symbol.dispose](): void {
    this.#fd[Symbol.dispose]();
  }
}

/** The verifier ends its text with a zero. */
export function logText(log: Buffer): string {
  const end = log.indexOf(0);
  return log.toString('utf8', 0, end < 0 ? log.length : end).trimEnd();
}
