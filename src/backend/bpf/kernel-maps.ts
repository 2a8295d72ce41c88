/** The maps that hold the image, as their driver opens them. BpfMap fits; backend/fake has one in memory. */
export interface KernelMaps {
  readonly services: ArrayMemory;
  readonly slots: ArrayMemory;
  readonly backends: ArrayMemory;
  readonly config: ArrayMemory;
  readonly vips: HashRows;
  readonly frontends: HashRows;
  readonly members: HashRows;
  readonly service_names: HashRows;
  readonly source_ranges: HashRows;
  readonly service_counters: Pick<HashRows, 'deleteBatch'>;
  readonly backend_counters: Pick<HashRows, 'deleteBatch'>;
}

/** An array in shared memory; always the same buffer, of which the rows asked for (default: all) are shared. */
export interface ArrayMemory {
  readonly maxEntries: number;
  mmap(from?: number, to?: number): ArrayBuffer;
}

/** Rows back to back. */
export interface HashRows {
  readonly maxEntries: number;
  updateBatch(keys: Uint8Array, values: Uint8Array, count: number): void;
  /** Missing keys are fine. */
  deleteBatch(keys: Uint8Array, count: number): void;
  chunks(): Iterable<RowChunk>;
}

export interface RowChunk {
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly count: number;
}
