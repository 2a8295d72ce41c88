import { join } from 'node:path';
import { CLUSTER_CIDRS, NODE_NAME } from '../../../test/support/addresses.ts';
import { Agent, cleanup } from '../../../test/support/agent.ts';
import { Daemon } from '../../../test/support/daemon.ts';
import { kubeBinaries } from '../../../test/support/kube-binaries.ts';
import type { ApiWorld } from './world.ts';

/** A Service proxy of the lab's node that follows the world's API server. */
export interface Contestant {
  readonly name: string;
  launch(): Promise<Launched>;
  /** Removes what it left in the kernel. */
  forget(): Promise<void>;
}

export interface Launched {
  readonly pid: number;
  stop(): Promise<unknown>;
}

export function bpfsvcOf({ lab, kubeconfig }: ApiWorld): Contestant {
  return {
    name: 'bpfsvc',
    async launch() {
      const agent = await Agent.launch(lab, { source: ['--kubeconfig', kubeconfig] });
      // On a busy machine it may miss the time in which it promises to end: that is not what is measured.
      return { pid: agent.pid, stop: () => agent.stop().catch(() => agent.kill()) };
    },
    async forget() {
      await cleanup(lab);
    },
  };
}

/** A real one as it comes, in the mode that is the faster. */
export function kubeProxyOf({ lab, kubeconfig }: ApiWorld): Contestant {
  const program = join(kubeBinaries('kube-proxy'), 'kube-proxy');
  return {
    name: 'kube-proxy',
    async launch() {
      const flags = {
        'proxy-mode': 'nftables',
        kubeconfig,
        'hostname-override': NODE_NAME,
        'cluster-cidr': CLUSTER_CIDRS[0],
        // The machine's own limits are none of its business.
        'conntrack-max-per-core': '0',
        'conntrack-tcp-timeout-established': '0s',
        'conntrack-tcp-timeout-close-wait': '0s',
      };
      return new Daemon(program, flags, lab.node.enter());
    },
    async forget() {
      const tables = ['ip', 'ip6'].map((family) => `add table ${family} kube-proxy\ndelete table ${family} kube-proxy`);
      await lab.node.run(['nft', '-f', '-'], `${tables.join('\n')}\n`);
    },
  };
}
