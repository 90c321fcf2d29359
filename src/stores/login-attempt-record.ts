import { z } from 'zod';
import type { LoginAttempt } from '../domain/session/login-attempt.ts';

const recordSchema = z.strictObject({
  handle: z.string(),
  purpose: z.enum(['sign-in', 'sign-out']),
  providerArn: z.string(),
  requestId: z.string().exactOptional(),
  browserHash: z.string(),
  startedAtMs: z.number(),
  expiresAtMs: z.number(),
  forceAuthn: z.boolean(),
  authnContextClassRefs: z.array(z.string()),
  returnTo: z.string().exactOptional(),
  replaces: z.string().exactOptional(),
});

/** The text that stands for an attempt in a store. */
export function encodeLoginAttempt(attempt: LoginAttempt): string {
  return JSON.stringify(attempt);
}

/** @throws Error for anything that {@link encodeLoginAttempt} did not write for this handle. */
export function decodeLoginAttempt(handle: string, record: string): LoginAttempt {
  const attempt = recordSchema.parse(JSON.parse(record));
  if (attempt.handle !== handle) throw new Error('the stored login attempt is another one');
  return attempt;
}
