import type { Authorization } from './authorization.ts';
import { wordedMismatch } from './failures.ts';
import { formatTimestamp } from './timestamp.ts';

const WINDOW_MS = 15 * 60_000;

/**
 * Refuses a signature made more than 15 minutes ago or ahead, and a presigned URL after its own `X-Amz-Expires`.
 * Expiry only ever shortens the window: a URL that claims seven days is good for 15 minutes, too.
 */
export function checkTimeWindow({ timestamp, expiresSeconds }: Authorization, nowMs: number): void {
  // The texts show whole seconds, so whole seconds decide: a refusal never shows two equal stamps.
  const nowSecondMs = Math.floor(nowMs / 1000) * 1000;
  refuseOlderThan(WINDOW_MS, '15 min.');
  if (timestamp.epochMs > nowSecondMs + WINDOW_MS) {
    const limit = formatTimestamp(nowSecondMs + WINDOW_MS);
    throw wordedMismatch(
      `Signature not yet current: ${timestamp.text} is still later than ${limit} (${formatTimestamp(nowSecondMs)} + 15 min.)`,
    );
  }
  if (expiresSeconds !== undefined) refuseOlderThan(expiresSeconds * 1000, `${expiresSeconds} sec.`);

  function refuseOlderThan(ageMs: number, ageText: string): void {
    if (timestamp.epochMs >= nowSecondMs - ageMs) return;
    const limit = formatTimestamp(nowSecondMs - ageMs);
    throw wordedMismatch(
      `Signature expired: ${timestamp.text} is now earlier than ${limit} (${formatTimestamp(nowSecondMs)} - ${ageText})`,
    );
  }
}
