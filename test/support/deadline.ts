/** How much longer than on a real machine everything may take: an emulated one sets BPFSVC_TIME_SCALE=10. */
export const TIME_SCALE = Number(process.env['BPFSVC_TIME_SCALE'] ?? '1');

const POLL_MS = 10;

/** Asks until the answer is not undefined; throws at the deadline, naming what it waited for. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  deadlineMs = 5_000,
): Promise<T> {
  const end = performance.now() + deadlineMs * TIME_SCALE;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end)
      throw new Error(`Cannot wait longer for ${what}: ${deadlineMs * TIME_SCALE} ms are over`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
