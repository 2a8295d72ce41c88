import { describe, expect, it } from 'vitest';
import type { Context } from './context.ts';
import { createProgram } from './program.ts';

const context: Context = {
  takeSignals: () => new AbortController().signal,
  print: () => Promise.resolve(),
  notice: () => undefined,
  setExitCode: () => undefined,
};

/** What commander says, and whether it is a failure. */
async function call(...words: readonly string[]): Promise<readonly [string, boolean]> {
  const program = createProgram(context);
  let text = '';
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ writeErr: (part) => (text += part), writeOut: (part) => (text += part) });
  }
  try {
    await program.parseAsync(words, { from: 'user' });
    return [text, false];
  } catch (error) {
    if (!(error instanceof Error && 'exitCode' in error)) throw error;
    return [text, error.exitCode !== 0];
  }
}

describe('the command line', () => {
  it.each([
    [['run', '--no'], "error: unknown option '--no' (see bpfsvc run --help)\n"],
    [['no'], "error: unknown command 'no' (see bpfsvc --help)\n"],
    [['plan', 'x'], "error: too many arguments for 'plan'. Expected 0 arguments but got 1. (see bpfsvc plan --help)\n"],
    [
      ['run', '--masquerade-all=x'],
      `error: option '--masquerade-all [true|false]' argument 'x' is invalid. "x" is neither true nor false. (see bpfsvc run --help)\n`,
    ],
  ])('refuses %j in one line', async (words, text) => {
    expect(await call(...words)).toEqual([text, true]);
  });

  it.each(['run', 'plan', 'cleanup'])('shows examples in the help of %s', async (name) => {
    const [text, isFailure] = await call(name, '--help');
    expect([text.includes(`Examples:\n  bpfsvc ${name}`), isFailure]).toEqual([true, false]);
  });

  it('refuses what cannot be run with a ConfigError', async () => {
    await expect(call('run', '--masquerade-all', '-v=2', '--node-name', 'a')).rejects.toThrow(
      'Cannot find a source: KUBERNETES_SERVICE_HOST is not set, so this is no pod: run in a pod with a service account, or give --kubeconfig FILE or --manifests DIR',
    );
  });
});
