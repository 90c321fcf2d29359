import { FederationError } from '../../domain/errors.ts';
import type { PasskeyFactor } from '../../domain/mfa/factor.ts';
import type { NewPasskey, Passkeys } from '../../domain/mfa/passkeys.ts';
import { refuseFactor } from '../../domain/mfa/refusals.ts';
import { parseAnswer, parseCreation, parseUse, type CreationResponse } from './parse-response.ts';
import type { RelyingParty } from './relying-party.ts';

// The library takes longer to load than all else together, and most starts and commands never see a passkey.
const library = () => import('@simplewebauthn/server');
const helpers = () => import('@simplewebauthn/server/helpers');

/** What authenticators of today have, the preferred first: ES256, EdDSA, RS256 (RFC 9053 2, RFC 8812 2). */
const ALGORITHMS = [-7, -8, -257];
/** How long a browser waits: as long as the ceremony lasts. */
const TIMEOUT_MS = 5 * 60_000;
/** The library compares counters before it looks at the signature; the caller does so afterwards, when it means something. */
const NO_COUNTER = -1;

/**
 * Passkeys of one relying party.
 *
 * @param name what browsers may show of us
 */
export function createPasskeys(party: RelyingParty, name: string): Passkeys {
  return {
    creationOptions: async ({ challenge, owner, known }) => {
      const { generateRegistrationOptions } = await library();
      const options = await generateRegistrationOptions({
        rpName: name,
        rpID: party.id,
        userID: Uint8Array.from(owner.userHandle),
        userName: owner.accountName,
        userDisplayName: owner.displayName,
        challenge: bytesOf(challenge),
        timeout: TIMEOUT_MS,
        attestationType: 'none',
        excludeCredentials: known.map(descriptorOf),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        supportedAlgorithmIDs: ALGORITHMS,
      });
      return JSON.stringify(options);
    },
    requestOptions: async ({ challenge, known }) => {
      const { generateAuthenticationOptions } = await library();
      const options = await generateAuthenticationOptions({
        rpID: party.id,
        challenge: bytesOf(challenge),
        timeout: TIMEOUT_MS,
        allowCredentials: known.map(descriptorOf),
        userVerification: 'required',
      });
      return JSON.stringify(options);
    },
    readAnswer: parseAnswer,
    verifyCreation: (response, challenge) =>
      refusing(() => verifyCreation(parseCreation(response), challenge, party)),
    verifyUse: (response, expected) => refusing(() => verifyUse(response, expected, party)),
  };
}

async function verifyCreation(
  response: CreationResponse,
  challenge: string,
  { id, origin }: RelyingParty,
): Promise<NewPasskey> {
  await requireSelfContained(response);
  const { verifyRegistrationResponse } = await library();
  const { verified, registrationInfo } = await verifyRegistrationResponse({
    response: { ...response, clientExtensionResults: {} },
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: id,
    requireUserVerification: true,
    supportedAlgorithmIDs: ALGORITHMS,
  });
  if (!verified) throw refuseFactor('passkey-refused', 'the attestation is not good');
  const { credential } = registrationInfo;
  // The browser says it beside the authenticator's data, too; only the latter is what will sign.
  if (credential.id !== response.id) throw refuseFactor('passkey-refused', 'the credential has two ids');
  return {
    credentialId: credential.id,
    publicKey: Buffer.from(credential.publicKey).toString('base64url'),
    counter: credential.counter,
    transports: response.response.transports ?? [],
  };
}

/**
 * None is asked for, and self attestation comes all the same (WebAuthn Level 3, 5.1.3). Any other would be verified along its
 * certificates, whose revocation lists the library fetches from wherever they say.
 */
async function requireSelfContained({ response }: CreationResponse): Promise<void> {
  const { decodeAttestationObject } = await helpers();
  const attestation = decodeAttestationObject(bytesOf(response.attestationObject));
  const format = attestation.get('fmt');
  const isSelf = format === 'packed' && attestation.get('attStmt').get('x5c') === undefined;
  if (format !== 'none' && !isSelf)
    throw refuseFactor('passkey-refused', 'an attestation that nobody asked for');
}

async function verifyUse(
  text: string,
  expected: Parameters<Passkeys['verifyUse']>[1],
  { id, origin }: RelyingParty,
): Promise<{ readonly counter: number }> {
  const { response, ...frame } = parseUse(text);
  const { passkey } = expected;
  const { userHandle, ...proof } = response;
  requireOwner(userHandle, expected.userHandle);
  if (frame.id !== passkey.credentialId) throw refuseFactor('passkey-refused', 'another credential');
  const { verifyAuthenticationResponse } = await library();
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response: { ...frame, response: proof, clientExtensionResults: {} },
    expectedChallenge: expected.challenge,
    expectedOrigin: origin,
    expectedRPID: id,
    requireUserVerification: true,
    credential: {
      id: passkey.credentialId,
      publicKey: bytesOf(passkey.publicKey),
      counter: NO_COUNTER,
    },
  });
  if (!verified) throw refuseFactor('passkey-refused', 'the signature is wrong');
  return { counter: authenticationInfo.newCounter };
}

// WebAuthn Level 3, 7.2 step 6: a discoverable credential says whose it is.
function requireOwner(given: string | null | undefined, owner: Uint8Array): void {
  if (given != null && given !== Buffer.from(owner).toString('base64url'))
    throw refuseFactor('passkey-refused', "somebody else's passkey");
}

/** Whatever the library finds wrong, it throws: none of it is our fault. */
async function refusing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof FederationError) throw cause;
    const reason = cause instanceof Error ? cause.message : 'the passkey cannot be verified';
    throw refuseFactor('passkey-refused', reason.slice(0, 300), { cause });
  }
}

function descriptorOf({ credentialId, transports }: PasskeyFactor) {
  return { id: credentialId, transports: [...transports] };
}

function bytesOf(base64url: string) {
  return Uint8Array.from(Buffer.from(base64url, 'base64url'));
}
