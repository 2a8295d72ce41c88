import type { DataplaneState, StateDelta } from '../../plan/state.ts';
import type { Backend, SyncReport } from '../backend.ts';
import { commit } from '../bpf/commit.ts';
import { diff, diffAll } from '../bpf/diff.ts';
import type { Capacities, Image } from '../bpf/image.ts';
import type { KernelMaps } from '../bpf/kernel-maps.ts';
import type { Environment } from '../bpf/lower-node.ts';
import { observe } from '../bpf/observe.ts';
import { retire } from '../bpf/retire.ts';
import type { Write } from '../bpf/write.ts';
import { createFakeKernel, FAKE_CAPACITIES } from './kernel.ts';

/** A backend whose kernel is memory: it plans, lowers and commits as the real one, and moves no packet. */
export interface FakeBackend extends Backend {
  readonly kernel: KernelMaps;
  /** Of the image's present state, read from the kernel. */
  observe(): Image;
}

export interface FakeBackendOptions {
  readonly capacities?: Capacities;
  readonly environment?: Environment;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

export function createFakeBackend(options: FakeBackendOptions): FakeBackend {
  const { capacities = FAKE_CAPACITIES, environment = { deviceAddresses: [] }, now } = options;
  let kernel = createFakeKernel(capacities);
  let image: Image | undefined;

  const change = (state: DataplaneState, delta: StateDelta, nowMs: number): Iterable<readonly Write[]> => {
    const surroundings = { node: state.node, environment, nowMs };
    if (image !== undefined && !isEmpty(delta)) return diff(image, { ...delta, ...surroundings });
    image = observe(kernel, image);
    return diffAll(image, { servicePorts: state.servicePorts, ...surroundings });
  };
  return {
    name: 'fake',
    get kernel() {
      return kernel;
    },
    observe: () => observe(kernel),
    probe: () => Promise.resolve({ kind: 'supported' }),
    sync(state, delta): Promise<SyncReport> {
      const startedMs = now();
      let writes = 0;
      if (image !== undefined) writes += commit(retire(image, startedMs), kernel);
      for (const part of change(state, delta, startedMs)) writes += commit(part, kernel);
      const refused = Array.from(image?.refused ?? [], ([service, { reason }]) => ({ service, reason }));
      const [frontends, backends] = [image?.frontends.size ?? 0, image?.backends.size ?? 0];
      return Promise.resolve({ writes, frontends, backends, refused, tookMs: now() - startedMs });
    },
    cleanup() {
      kernel = createFakeKernel(capacities);
      image = undefined;
      return Promise.resolve();
    },
    [Symbol.asyncDispose]() {
      image = undefined;
      return Promise.resolve();
    },
  };
}

function isEmpty(delta: StateDelta): boolean {
  return delta.updated.size === 0 && delta.removed.size === 0 && delta.node === undefined;
}
