/** Fields of struct __sk_buff that a test run may set. */
export interface SkbContext {
  readonly ifindex?: number;
  readonly ingressIfindex?: number;
  readonly mark?: number;
  /** GSO segment size in bytes and number of segments. */
  readonly gsoSize?: number;
  readonly gsoSegs?: number;
  readonly priority?: number;
  readonly cb?: readonly [number, number, number, number, number];
}

export interface TestRun {
  /** At least 14 bytes: an Ethernet header first. */
  readonly data: Uint8Array;
  readonly context?: SkbContext;
  /** 1 unless given. */
  readonly repeat?: number;
}

export interface TestRunResult {
  readonly retval: number;
  readonly dataOut: Uint8Array;
  /** Mean of one run. */
  readonly durationNs: number;
}

export interface ProgramInfo {
  readonly id: number;
  readonly name: string;
  /** ProgramType */
  readonly type: number;
  /** 16 hex digits: hash of the instructions. */
  readonly tag: string;
  readonly mapIds: readonly number[];
}

/** Raw instructions, for probes and tests. */
export interface ProgramSpec {
  readonly name: string;
  readonly type: number;
  readonly expectedAttachType?: number;
  readonly instructions: Uint8Array;
}

/** A loaded program. Dispose closes our descriptor; links and pins keep the program. */
export class Program implements Disposable, ProgramInfo {
  readonly id: number = 0;
  readonly name: string = '';
  readonly type: number = 0;
  readonly tag: string = '';
  readonly mapIds: readonly number[] = [];

  /** Throws VerifierError where the verifier refuses, SysError for anything else. */
  static load(_spec: ProgramSpec): Program {
    throw new Error('not there yet');
  }

  static openPinned(_path: string): Program | undefined {
    throw new Error('not there yet');
  }

  static openById(_id: number): Program | undefined {
    throw new Error('not there yet');
  }

  get fd(): number {
    throw new Error('not there yet');
  }

  pin(_path: string): void {
    throw new Error('not there yet');
  }

  /** BPF_PROG_TEST_RUN; the kernel has it for sched_cls, not for cgroup sock_addr. */
  testRun(_run: TestRun): TestRunResult {
    throw new Error('not there yet');
  }

  [Symbol.dispose](): void {
    throw new Error('not there yet');
  }
}
