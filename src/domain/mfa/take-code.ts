import type { SessionStore } from '../session/session-store.ts';

/** Longer than a code is accepted: its own step and one to each side. */
const CODE_MEMORY_MS = 120_000;

/** Takes what a code stands for, so that it works once on all nodes; `false` where it was taken before. */
export function takeCode(
  key: string,
  nowMs: number,
  { sessions }: { readonly sessions: Pick<SessionStore, 'claim'> },
): Promise<boolean> {
  return sessions.claim({ key, expiresAtMs: nowMs + CODE_MEMORY_MS });
}
