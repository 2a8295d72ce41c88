/** Takes the exclusive lock of an open file or folder without waiting; false: another process holds it. Ends with the descriptor. */
export function tryLock(_fd: number): boolean {
  throw new Error('not there yet');
}
