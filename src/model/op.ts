import type { ModelObject } from './object.ts';

/** What a source tells: the model is the fold of its ops. */
export type Op =
  /** Forget everything; a full listing and `sync` follow. */
  | { readonly op: 'reset' }
  | { readonly op: 'set'; readonly object: ModelObject }
  /** Deleting the unknown is fine. */
  | { readonly op: 'delete'; readonly kind: ModelObject['kind']; readonly namespace: string; readonly name: string }
  /**
   * The source refused something: `object` as nameObject names it, or a file. Replaced by a later set or delete of that
   * object; a reason of undefined takes it back. It does not delete what was set before under that name.
   */
  | { readonly op: 'ignore'; readonly object: string; readonly reason: string | undefined }
  /** The listing is complete: from now on the state may be applied. */
  | { readonly op: 'sync' };
