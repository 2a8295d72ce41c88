import { CommanderError } from 'commander';
import type { Context } from './cli/context.ts';
import { createProgram } from './cli/program.ts';
import { ConfigError } from './errors.ts';

/** SIGTERM ends the agent within 5 seconds, whatever hangs. */
const LONGEST_END_MS = 4000;

let exitCode = 0;

const context: Context = {
  takeSignals() {
    const controller = new AbortController();
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      process.on(signal, () => {
        if (controller.signal.aborted) process.exit(code);
        setTimeout(() => process.exit(0), LONGEST_END_MS).unref();
        controller.abort();
      });
    }
    return controller.signal;
  },
  print: (text) =>
    new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => (error == null ? resolve() : reject(error)));
    }),
  notice: (text) => process.stderr.write(`${text}\n`),
  setExitCode: (code) => {
    exitCode = code;
  },
};

/** Nobody reads any more: that is no failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await createProgram(context).parseAsync();
} catch (error) {
  exitCode = tell(error);
}
process.exit(exitCode);

/** Says what failed in one sentence; the exit status that goes with it. */
function tell(error: unknown): number {
  // commander has told it already; help and version are no failures.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  context.notice(error instanceof Error ? error.message : String(error));
  return error instanceof ConfigError ? 2 : 1;
}
