/** Something that must hold in the guest; throws where it does not. */
export interface Check {
  readonly name: string;
  run(): Promise<void> | void;
}

/** A line of the guest's output. */
export interface Finding {
  readonly check: string;
  readonly tookMs: number;
  /** undefined: it holds. */
  readonly failure?: string;
}
