import { run } from './command.ts';
import type { Host } from './host.ts';

/** What a host gets from a URL. */
export interface Got {
  readonly status: number;
  readonly body: string;
}

const PROGRAM = `
  const response = await fetch(process.argv[1]);
  console.log(JSON.stringify({ status: response.status, body: await response.text() }));
`;

/** Rejects with CommandError where nobody answers. */
export async function httpGet(from: Host, url: string): Promise<Got> {
  const argv = [...from.enter(), process.execPath, '--input-type=module', '--eval', PROGRAM, url];
  return JSON.parse(await run(argv)) as Got; // our own program
}
