import { release } from 'node:os';
import { SysError, VerifierError } from '../errors.ts';
import { AttachType, MapFlag, MapType, ProgramType } from './bpf-constants.ts';
import { BpfMap } from './bpf-map.ts';
import { Program } from './bpf-program.ts';
import { tcxPrograms } from './bpf-query.ts';
import { assemble, callHelper, exit, moveImmediate } from './instructions.ts';

/** Can the kernel do it? Only trying tells; a version number does not. */
export type Support =
  | { readonly kind: 'supported' }
  | { readonly kind: 'unsupported'; readonly need: string; readonly have: string }
  | { readonly kind: 'unknown'; readonly error: string };

export type Feature = keyof typeof FEATURES;

const LOOPBACK_IFINDEX = 1;
const HELPER_SET_RETVAL = 187;

/** Each throws where the kernel can't. */
const FEATURES = {
  sockAddr: { need: 'cgroup hooks of connect() (Linux 4.17)', run: () => loadSockAddr(AttachType.cgroupInet4Connect) },
  getpeername: {
    need: 'cgroup hooks of getpeername() (Linux 5.8)',
    run: () => loadSockAddr(AttachType.cgroupInet4Getpeername),
  },
  setRetval: { need: 'bpf_set_retval() (Linux 5.18)', run: loadSetRetval },
  mmapable: { need: 'array maps in shared memory (Linux 5.5)', run: makeMmapable },
  tcx: { need: 'TCX links (Linux 6.6)', run: () => tcxPrograms(LOOPBACK_IFINDEX, 'ingress') },
} as const;

export function probe(feature: Feature): Support {
  const { need, run } = FEATURES[feature];
  try {
    run();
    return { kind: 'supported' };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (isRefusal(error)) return { kind: 'unsupported', need, have: `Linux ${release()}` };
    return { kind: 'unknown', error: error.message };
  }
}

/** EINVAL is how a kernel says that it does not know; a missing capability or memory tells nothing. */
function isRefusal(error: Error): boolean {
  if (error instanceof VerifierError) return true;
  return error instanceof SysError && ['EINVAL', 'ENOTSUPP', 'EOPNOTSUPP', 'E2BIG'].includes(error.code);
}

function loadSockAddr(expectedAttachType: number): void {
  const instructions = assemble(moveImmediate(0, 1), exit);
  using _program = Program.load({ name: 'probe', type: ProgramType.cgroupSockAddr, expectedAttachType, instructions });
}

function loadSetRetval(): void {
  const instructions = assemble(moveImmediate(1, 0), callHelper(HELPER_SET_RETVAL), moveImmediate(0, 1), exit);
  const expectedAttachType = AttachType.cgroupInet4Connect;
  using _program = Program.load({ name: 'probe', type: ProgramType.cgroupSockAddr, expectedAttachType, instructions });
}

function makeMmapable(): void {
  const sizes = { keySize: 4, valueSize: 8, maxEntries: 1 };
  using _map = BpfMap.create({ name: 'probe', type: MapType.array, flags: MapFlag.mmapable, ...sizes });
}
