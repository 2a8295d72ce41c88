import { check } from './errno.ts';
import { libbpf } from './ffi/library.ts';
import { Struct } from './ffi/struct.ts';

/** Fields of struct __sk_buff that the kernel lets a test run set; the protocol is read from the Ethernet header. */
export interface SkbContext {
  readonly mark?: number;
  readonly priority?: number;
  readonly ingressIfindex?: number;
  readonly ifindex?: number;
  readonly cb?: readonly [number, number, number, number, number];
  readonly gsoSegs?: number;
  /** Bytes of one segment. */
  readonly gsoSize?: number;
}

export interface TestRun {
  /** At least 14 bytes: an Ethernet header first. */
  readonly data: Uint8Array;
  readonly context?: SkbContext;
  /** 1 unless given. */
  readonly repeat?: number;
}

export interface TestRunResult {
  /** As the program returned it, unsigned: TC_ACT_UNSPEC is 0xffffffff. */
  readonly retval: number;
  /** The packet after the last run. */
  readonly dataOut: Uint8Array;
  /** Mean of one run. */
  readonly durationNs: number;
}

/** A program may make the packet this much longer. */
const HEADROOM = 256;

/** struct bpf_test_run_opts */
export function runTest(program: { readonly fd: number; readonly name: string }, run: TestRun): TestRunResult {
  const out = new Uint8Array(run.data.length + HEADROOM);
  const options = Struct.options(80)
    .pointer(8, run.data)
    .pointer(16, out)
    .u32(24, run.data.length)
    .u32(28, out.length)
    .u32(60, run.repeat ?? 1);
  if (run.context !== undefined) {
    const context = encodeContext(run.context);
    options.pointer(32, context).u32(48, context.length);
  }
  check(libbpf().bpf_prog_test_run_opts(program.fd, options.bytes), 'run program', program.name);
  return {
    retval: options.readU32(56),
    dataOut: out.subarray(0, options.readU32(28)),
    durationNs: options.readU32(64),
  };
}

/** struct __sk_buff */
function encodeContext(context: SkbContext): Uint8Array {
  const skb = new Struct(184)
    .u32(8, context.mark ?? 0)
    .u32(32, context.priority ?? 0)
    .u32(36, context.ingressIfindex ?? 0)
    .u32(40, context.ifindex ?? 0)
    .u32(164, context.gsoSegs ?? 0)
    .u32(176, context.gsoSize ?? 0);
  context.cb?.forEach((word, index) => {
    skb.u32(48 + 4 * index, word);
  });
  return skb.bytes;
}
