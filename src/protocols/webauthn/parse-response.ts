import { z } from 'zod';
import { refuseFactor } from '../../domain/mfa/refusals.ts';

/** An RSA key and an attestation take some 2,000 characters; the rest is room. */
const MAX_RESPONSE = 20_000;
const MAX_CLIENT_DATA = 2_000;

const base64url = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[\w-]+$/);

// Authenticators name at most 1023 bytes (WebAuthn Level 3, 5.8.3).
const credentialId = base64url(1364);
// Unknown members are dropped: browsers add some with every version, and none of them decides anything.
const frame = { id: credentialId, rawId: credentialId, type: z.literal('public-key') };

const creation = z.object({
  ...frame,
  response: z.object({
    clientDataJSON: base64url(MAX_CLIENT_DATA),
    attestationObject: base64url(16_000),
    transports: z
      .array(z.string().regex(/^[a-z-]{1,20}$/))
      .max(8)
      .exactOptional(),
  }),
});

const use = z.object({
  ...frame,
  response: z.object({
    clientDataJSON: base64url(MAX_CLIENT_DATA),
    authenticatorData: base64url(4_000),
    signature: base64url(2_000),
    userHandle: base64url(100).nullish(),
  }),
});

const either = z.object({ ...frame, response: z.object({ clientDataJSON: base64url(MAX_CLIENT_DATA) }) });

// RFC 8259 leaves open what two members of one name mean; here only the ones that are wanted are looked at, all by one parser.
const clientData = z.object({
  type: z.string().max(50),
  challenge: base64url(200),
  origin: z.string().max(500),
  crossOrigin: z.boolean().exactOptional(),
});

/** A `RegistrationResponseJSON`, as far as it matters. */
export type CreationResponse = z.infer<typeof creation>;
/** An `AuthenticationResponseJSON`, as far as it matters. */
export type UseResponse = z.infer<typeof use>;

/** @throws FederationError `factor-refused` */
export function parseCreation(text: string): CreationResponse {
  return parse(creation, text);
}

/** @throws FederationError `factor-refused` */
export function parseUse(text: string): UseResponse {
  return parse(use, text);
}

/**
 * Which credential answers which challenge, by its own account. An answer from within a page of another site is none: no page of
 * ours lets itself be framed.
 *
 * @throws FederationError `factor-refused`
 */
export function parseAnswer(text: string): { readonly credentialId: string; readonly challenge: string } {
  const { id, response } = parse(either, text);
  const data = parse(clientData, Buffer.from(response.clientDataJSON, 'base64url').toString());
  if (data.crossOrigin === true) throw refuseFactor('passkey-refused', 'the passkey was used in a frame');
  return { credentialId: id, challenge: data.challenge };
}

function parse<T>(schema: z.ZodType<T>, text: string): T {
  const result = text.length > MAX_RESPONSE ? undefined : schema.safeParse(jsonOf(text));
  if (result?.success !== true)
    throw refuseFactor('passkey-refused', 'what the browser posted is no answer of an authenticator', {
      cause: result?.error,
    });
  return result.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
