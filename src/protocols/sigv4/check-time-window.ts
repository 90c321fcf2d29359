import type { Authorization } from './authorization.ts';
import { wordedMismatch } from './failures.ts';
import { formatTimestamp } from './timestamp.ts';

const WINDOW_MS = 15 * 60_000;

/**
 * Refuses a signature made more than 15 minutes ago or ahead. `X-Amz-Expires` does not count, as it does not at AWS's STS:
 * EKS clients put 60 s into a presigned GetCallerIdentity and use it for a quarter of an hour.
 */
export function checkTimeWindow({ timestamp }: Authorization, nowMs: number): void {
  // The texts show whole seconds, so whole seconds decide: a refusal never shows two equal stamps.
  const nowSecondMs = Math.floor(nowMs / 1000) * 1000;
  if (timestamp.epochMs < nowSecondMs - WINDOW_MS) {
    const limit = formatTimestamp(nowSecondMs - WINDOW_MS);
    throw wordedMismatch(
      `Signature expired: ${timestamp.text} is now earlier than ${limit} (${formatTimestamp(nowSecondMs)} - 15 min.)`,
    );
  }
  if (timestamp.epochMs > nowSecondMs + WINDOW_MS) {
    const limit = formatTimestamp(nowSecondMs + WINDOW_MS);
    throw wordedMismatch(
      `Signature not yet current: ${timestamp.text} is still later than ${limit} (${formatTimestamp(nowSecondMs)} + 15 min.)`,
    );
  }
}
