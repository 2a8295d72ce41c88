// The demo: real sockets in network namespaces, told step by step. Status 1 when a step does not show what it promises.
import { Agent } from '../support/agent.ts';
import { balance, change, crash, disguise, hairpin, look, packets, refuse } from './chapters.ts';
import { buildLab, CAST, type Stage } from './stage.ts';
import { Story } from './story.ts';

const CHAPTERS = [balance, disguise, packets, hairpin, refuse, change, crash, look];

const story = new Story((text) => process.stdout.write(text), process.stdout.isTTY);
const start = performance.now();
let isInterrupted = false;
const interrupted = new Promise<number>((resolve) => {
  const end = (status: number) => () => {
    isInterrupted = true;
    resolve(status);
  };
  process.once('SIGINT', end(130));
  process.once('SIGTERM', end(143));
});

story.title('bpfsvc: Kubernetes Services without kube-proxy');
story.say(CAST);
const building = buildLab();
const status = await Promise.race([play(), interrupted]);
// A lab that could not be built has removed itself.
const lab = await building.catch(() => undefined);
await lab?.dispose();
const seconds = Math.round((performance.now() - start) / 1000);
story.say(`\nNamespaces, programs, maps and processes are removed. ${seconds} s in all.`);
process.exit(status);

async function play(): Promise<number> {
  try {
    const lab = await building;
    const agent = await Agent.start(lab);
    const stage: Stage = { story, lab, agent };
    const sync = await agent.logged('dataplane in sync');
    const { frontends, tookMs } = sync;
    story.say(
      `The agent reads examples/shop.yaml: ${String(frontends)} frontends in the kernel after ${String(tookMs)} ms.`,
    );
    for (const chapter of CHAPTERS) await chapter(stage);
    return 0;
  } catch (error) {
    // What breaks once everything is being removed is no news.
    if (isInterrupted) return 1;
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}
