/**
 * The pieces as one text. V8 keeps what a template puts together as a tree of its pieces, at 32 bytes a node, and the model
 * keeps tens of thousands of names.
 */
export function flatText(...pieces: readonly (string | number)[]): string {
  return pieces.join('');
}
