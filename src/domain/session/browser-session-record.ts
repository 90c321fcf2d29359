import { z } from 'zod';
import { encodeRecord, identitySchema } from '../identity/identity-record.ts';
import type { BrowserSession } from './browser-session.ts';

/** What is sealed; the rest of a session stands beside it in the store. */
export type SealedSession = Omit<BrowserSession, 'id' | 'lastSeenAtMs'>;

const signInSchema = z.strictObject({
  identity: identitySchema,
  profile: z.strictObject({ displayName: z.string().exactOptional(), email: z.string().exactOptional() }),
  mfaAuthenticatedAtMs: z.number().exactOptional(),
  notOnOrAfterMs: z.number().exactOptional(),
  notices: z.array(z.enum(['group-overage'])),
  idToken: z.string().exactOptional(),
});

const expiresAtMs = z.number();
const ceremonySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('enrol-totp'), secret: z.string(), expiresAtMs }),
  z.strictObject({ kind: z.literal('enrol-passkey'), challenge: z.string(), expiresAtMs }),
  z.strictObject({ kind: z.literal('prove-passkey'), challenge: z.string(), expiresAtMs }),
]);

const sessionSchema = z.strictObject({
  signInId: z.string(),
  signIn: signInSchema,
  startedAtMs: z.number(),
  endsAtMs: z.number(),
  mfa: z
    .strictObject({
      authenticatedAtMs: z.number(),
      method: z.enum(['passkey', 'totp', 'recovery-code', 'provider']),
    })
    .exactOptional(),
  ceremony: ceremonySchema.exactOptional(),
  sourceIp: z.string(),
  userAgent: z.string(),
});

/** The text that is sealed for a store. */
export function encodeBrowserSession(session: SealedSession): string {
  return encodeRecord(session);
}

/** @throws Error for anything that {@link encodeBrowserSession} did not write */
export function decodeBrowserSession(text: string): SealedSession {
  return sessionSchema.parse(JSON.parse(text));
}
