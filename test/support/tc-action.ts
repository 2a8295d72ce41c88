/** What a tc program returns, as BPF_PROG_TEST_RUN shows it: linux/pkt_cls.h, unsigned. */
export const TC = { ok: 0, shot: 2, redirect: 7, unspec: 0xffffffff } as const;
