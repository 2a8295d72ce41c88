/**
 * What the operating system refused. `operation` reads after "Cannot" ("pin map"), `code` is the
 * errno's name, `cure` says what to do where that is known.
 */
export class SysError extends Error {
  override readonly name = 'SysError';
  readonly operation: string;
  readonly target: string;
  readonly errno: number;
  readonly code: string;

  constructor(refusal: Refusal, options?: ErrorOptions) {
    const cure = refusal.cure === undefined ? '' : `: ${refusal.cure}`;
    super(`Cannot ${refusal.operation} "${refusal.target}": ${refusal.code}${cure}`, options);
    this.operation = refusal.operation;
    this.target = refusal.target;
    this.errno = refusal.errno;
    this.code = refusal.code;
  }
}

export interface Refusal {
  readonly operation: string;
  readonly target: string;
  /** Positive. */
  readonly errno: number;
  readonly code: string;
  readonly cure?: string;
}

/** A program that the kernel's verifier does not accept; `log` is its whole text. */
export class VerifierError extends Error {
  override readonly name = 'VerifierError';
  readonly program: string;
  readonly log: string;

  constructor(program: string, log: string, options?: ErrorOptions) {
    super(`Cannot load program "${program}": ${verdictLine(log)}`, options);
    this.program = program;
    this.log = log;
  }
}

/** Kernel objects or files of another layout than this build's. `cure` says what to do. */
export class AbiMismatchError extends Error {
  override readonly name = 'AbiMismatchError';
  readonly target: string;
  readonly wanted: string;
  readonly found: string;

  constructor(mismatch: AbiMismatch, options?: ErrorOptions) {
    const { target, wanted, found, cure } = mismatch;
    super(`Cannot use "${target}": it has layout ${found}, wanted is ${wanted}: ${cure}`, options);
    this.target = target;
    this.wanted = wanted;
    this.found = found;
  }
}

export interface AbiMismatch {
  readonly target: string;
  readonly wanted: string;
  readonly found: string;
  readonly cure: string;
}

/** A program we ran and that failed. `exitCode` is undefined where a signal ended it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly argv: readonly string[];
  readonly exitCode: number | undefined;
  readonly stderr: string;

  constructor(failure: CommandFailure, options?: ErrorOptions) {
    const { argv, exitCode, stderr } = failure;
    const status = exitCode === undefined ? 'ended by a signal' : `exit status ${exitCode}`;
    super([`Cannot run "${argv.join(' ')}"`, status, stderr.trim()].filter(Boolean).join(': '), options);
    this.argv = argv;
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

export interface CommandFailure {
  readonly argv: readonly string[];
  readonly exitCode: number | undefined;
  readonly stderr: string;
}

/** A call or a configuration that can't be right: exit status 2. The message is the whole sentence. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** The verifier's reason stands just above its statistics. */
function verdictLine(log: string): string {
  const lines = log.split('\n').filter((line) => line !== '' && !/^(processed \d+ insns|-- )/.test(line));
  return lines.at(-1) ?? 'the kernel gave no reason';
}
