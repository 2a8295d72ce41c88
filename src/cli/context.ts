/** What a command may touch beside its own work. */
export interface Context {
  /** Takes SIGTERM and SIGINT from now on: the first aborts, a second ends the process at once. */
  readonly takeSignals: () => AbortSignal;
  /** To stdout; resolves when the text is on its way, so that a slow reader slows us. */
  readonly print: (text: string) => Promise<void>;
  /** One line for people, to stderr. */
  readonly notice: (text: string) => void;
  /** For what was already told; errors that are thrown are told by main. */
  readonly setExitCode: (code: number) => void;
}
