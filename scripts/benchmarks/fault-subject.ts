import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { readServiceTables } from '../../src/cli/dump/service-tables.ts';
import { type ServiceView, viewServices } from '../../src/cli/dump/services-view.ts';
import { Agent, type LogLine, pinFolder } from '../../test/support/agent.ts';
import { eventually } from '../../test/support/deadline.ts';
import { Lab } from '../../test/support/lab.ts';
import { REPOSITORY } from '../../test/support/repository.ts';
import { API_PORT, type FromServer, HANGS, LATER, SERVICES, type ToServer } from './fault-protocol.ts';
import { memoryOf } from './process-usage.ts';

const SERVER = join(REPOSITORY, 'dist/benchmarks/scripts/benchmarks/fault-server.js');
/** Many start at once. */
const START_MS = 300_000;
/** To read all maps takes its time. */
const ASK_MS = 2_000;
/** The longest retry and a new listing. */
const RECOVERY_MS = 120_000;

/** An agent on a node of its own, and the API server that it follows. */
export class FaultSubject {
  readonly fault: string;
  readonly #lab: Lab;
  readonly #server: ChildProcess;
  readonly #agent: Agent;
  #linesBefore = 0;

  private constructor(
    fault: string,
    parts: { readonly lab: Lab; readonly server: ChildProcess; readonly agent: Agent },
  ) {
    this.fault = fault;
    this.#lab = parts.lab;
    this.#server = parts.server;
    this.#agent = parts.agent;
  }

  /** Resolves when the agent serves what the healthy server told. */
  static async start(fault: string): Promise<FaultSubject> {
    const lab = await Lab.create({ wiring: { kind: 'routed' }, pods: [] });
    try {
      const [file = '', ...argv] = [...lab.node.enter(), process.execPath, SERVER, fault];
      const server = spawn(file, argv, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      const [ready] = (await once(server, 'message')) as [FromServer]; // the protocol's
      const kubeconfig = join(lab.folder, 'kubeconfig');
      writeFileSync(kubeconfig, kubeconfigOf('ca' in ready ? ready.ca : ''));
      const agent = await Agent.launch(lab, { source: ['--kubeconfig', kubeconfig], flags: ['--socket-hooks', 'off'] });
      await agent.logged('dataplane in sync', START_MS);
      return new FaultSubject(fault, { lab, server, agent });
    } catch (error) {
      await lab.dispose();
      throw error;
    }
  }

  /** Throws where the agent ended. */
  rssMb(): number {
    return memoryOf(this.#agent.pid).rssMb;
  }

  get isRunning(): boolean {
    return this.#agent.isRunning;
  }

  /** What the agent logged of troubles since the fault began. */
  get lines(): readonly LogLine[] {
    return this.#agent.lines.slice(this.#linesBefore).filter(({ msg }) => msg !== 'dataplane updated');
  }

  /** What the kernel does for the Services that the healthy server had: equal as long as nothing changed. */
  dataplane(): string {
    const views = this.#views().filter(({ service }) => numberOf(service) < SERVICES);
    return JSON.stringify(views.map(({ service, frontends, backends }) => ({ service, frontends, backends })));
  }

  async break(): Promise<void> {
    this.#linesBefore = this.#agent.lines.length;
    await this.#order('break');
    if (this.fault === HANGS) this.#server.kill('SIGSTOP');
  }

  /** Gives the number of answers or connections that the fault had. */
  async heal(): Promise<number> {
    if (this.fault === HANGS) this.#server.kill('SIGCONT');
    return this.#order('heal');
  }

  /** Resolves when the Services are those of the healthy server and nothing else, the late one among them. */
  async recovered(): Promise<void> {
    await eventually(
      `the agent after "${this.fault}"`,
      async () => {
        await pause(ASK_MS);
        const numbers = this.#views().map(({ service }) => numberOf(service));
        return Math.max(...numbers) === LATER ? true : undefined;
      },
      RECOVERY_MS,
    );
  }

  async dispose(): Promise<void> {
    this.#server.kill('SIGKILL');
    await this.#agent.kill();
    await this.#lab.dispose();
  }

  async #order(order: ToServer): Promise<number> {
    const answered = once(this.#server, 'message') as Promise<[FromServer]>; // the protocol's
    this.#server.send(order);
    const [answer] = await answered;
    return 'answers' in answer ? answer.answers : 0;
  }

  #views(): readonly ServiceView[] {
    using tables = readServiceTables(pinFolder(this.#lab));
    return viewServices(tables);
  }
}

/** Of a Service of the healthy server; others have none. */
function numberOf(service: string): number {
  return Number(/^default\/service-(\d+):/.exec(service)?.[1] ?? Number.POSITIVE_INFINITY);
}

function kubeconfigOf(ca: string): string {
  const cluster = { server: `https://127.0.0.1:${API_PORT}`, 'certificate-authority-data': btoa(ca) };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'fake',
    contexts: [{ name: 'fake', context: { cluster: 'fake' } }],
    clusters: [{ name: 'fake', cluster }],
  });
}
