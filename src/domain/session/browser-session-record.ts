import { z } from 'zod';
import type { Arn } from '../role/arn.ts';
import { isArn } from '../role/arn.ts';
import type { BrowserSession } from './browser-session.ts';

/** What is sealed; the rest of a session stands beside it in the store. */
export type SealedSession = Omit<BrowserSession, 'id' | 'lastSeenAtMs'>;

const arn = z.string().transform((text): Arn => (isArn(text) ? text : z.NEVER));
const texts = z.array(z.string());
const textsByName = z.array(z.tuple([z.string(), texts])).transform((entries) => new Map(entries));
const conditionKeys = z
  .array(z.tuple([z.string(), z.union([z.string(), texts])]))
  .transform((entries) => new Map(entries));

const samlSchema = z.strictObject({
  assertionId: z.string(),
  inResponseTo: z.string().exactOptional(),
  recipient: z.string(),
  subjectType: z.string(),
  nameQualifier: z.string(),
  nameId: z.strictObject({
    value: z.string(),
    format: z.string().exactOptional(),
    nameQualifier: z.string().exactOptional(),
    spNameQualifier: z.string().exactOptional(),
  }),
  sessionIndex: z.string().exactOptional(),
  sessionNotOnOrAfterMs: z.number().exactOptional(),
  issueInstantMs: z.number(),
  authnInstantMs: z.number(),
  authnContextClassRef: z.string().exactOptional(),
  attributes: textsByName,
});

const identityMembers = {
  providerArn: arn,
  issuer: z.string(),
  subject: z.string(),
  audience: z.string(),
  conditionKeys,
  tags: z.record(z.string(), z.string()),
  transitiveTagKeys: texts,
  sourceIdentity: z.string().exactOptional(),
  proofHash: z.string(),
  proofId: z.string(),
  expiresAtMs: z.number(),
};

const identitySchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...identityMembers, kind: z.literal('web-identity') }),
  z.strictObject({ ...identityMembers, kind: z.literal('saml'), saml: samlSchema }),
]);

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
  return JSON.stringify(session, (_, value: unknown) => (value instanceof Map ? [...value] : value));
}

/** @throws Error for anything that {@link encodeBrowserSession} did not write */
export function decodeBrowserSession(text: string): SealedSession {
  return sessionSchema.parse(JSON.parse(text));
}
