import { describe, expect, it } from 'vitest';
import type { PasskeyFactor } from '../../../../src/domain/mfa/factor.ts';
import { createPasskeys } from '../../../../src/protocols/webauthn/create-passkeys.ts';
import { createAuthenticator, type Fault } from '../../../support/authenticator.ts';

const ORIGIN = 'https://bridge.example.com';
const CHALLENGE = Buffer.alloc(32, 7).toString('base64url');
const OTHER_CHALLENGE = Buffer.alloc(32, 8).toString('base64url');
const owner = { userHandle: Buffer.alloc(32, 9), accountName: 'alice@acme.example', displayName: 'Alice' };
const passkeys = createPasskeys({ id: 'bridge.example.com', origin: ORIGIN }, 'Acme');

const creationOptions = (known: readonly PasskeyFactor[] = []) =>
  passkeys.creationOptions({ challenge: CHALLENGE, owner, known });

async function enrolled(options: Parameters<typeof createAuthenticator>[1] = {}) {
  const authenticator = createAuthenticator(ORIGIN, options);
  const made = await passkeys.verifyCreation(authenticator.create(await creationOptions()), CHALLENGE);
  const passkey: PasskeyFactor = { kind: 'passkey', id: 'f1', name: 'Key', addedAtMs: 0, ...made };
  const request = await passkeys.requestOptions({ challenge: CHALLENGE, known: [passkey] });
  const verify = (response: string, given: Partial<PasskeyFactor> = {}) =>
    passkeys.verifyUse(response, {
      challenge: CHALLENGE,
      passkey: { ...passkey, ...given },
      userHandle: owner.userHandle,
    });
  return { authenticator, passkey, request, verify };
}

const refused = { code: 'factor-refused', params: { problem: 'passkey-refused', attemptsLeft: 0 } };

describe('options for a browser', () => {
  it('ask for a verified user, no attestation and the algorithms of today (WebAuthn Level 3, 5.4)', async () => {
    const { passkey } = await enrolled();
    expect(JSON.parse(await creationOptions([passkey]))).toMatchObject({
      rp: { id: 'bridge.example.com', name: 'Acme' },
      user: {
        id: owner.userHandle.toString('base64url'),
        name: 'alice@acme.example',
        displayName: 'Alice',
      },
      challenge: CHALLENGE,
      pubKeyCredParams: [
        { alg: -7, type: 'public-key' },
        { alg: -8, type: 'public-key' },
        { alg: -257, type: 'public-key' },
      ],
      attestation: 'none',
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
      excludeCredentials: [{ id: passkey.credentialId }],
      timeout: 300_000,
    });
  });

  it('name the passkeys that will do, and want a verified user (5.5)', async () => {
    const { passkey, request } = await enrolled();
    expect(JSON.parse(request)).toMatchObject({
      rpId: 'bridge.example.com',
      challenge: CHALLENGE,
      allowCredentials: [{ id: passkey.credentialId, transports: ['internal', 'hybrid'] }],
      userVerification: 'required',
    });
  });
});

describe('a new passkey', () => {
  it.each(['ES256', 'EdDSA', 'RS256'] as const)('is taken with %s, and then proves', async (algorithm) => {
    const { authenticator, request, passkey, verify } = await enrolled({ algorithm });
    expect(passkey).toMatchObject({ credentialId: authenticator.credentialId, counter: 1 });
    expect(await verify(authenticator.use(request))).toEqual({ counter: 2 });
  });

  it('is taken with self attestation, which browsers leave in place (5.1.3)', async () => {
    const response = createAuthenticator(ORIGIN).create(await creationOptions(), {
      attestation: 'packed-self',
    });
    await expect(passkeys.verifyCreation(response, CHALLENGE)).resolves.toMatchObject({ counter: 1 });
  });

  it.each<[string, Fault]>([
    ['made at another origin (7.1 step 9)', { origin: 'https://bridge.example.com.evil.example' }],
    ['made at a subdomain of ours', { origin: 'https://www.bridge.example.com' }],
    ['made over plain http', { origin: 'http://bridge.example.com' }],
    ['made at another port', { origin: 'https://bridge.example.com:8443' }],
    ['bound to another relying party (7.1 step 13)', { rpId: 'evil.example' }],
    ['bound to a domain above ours', { rpId: 'example.com' }],
    ['made without the user (7.1 step 14)', { userPresent: false }],
    ['made without a verified user (7.1 step 15)', { userVerified: false }],
    ['that answers another challenge (7.1 step 8)', { challenge: OTHER_CHALLENGE }],
    ['that is an assertion (7.1 step 7)', { type: 'webauthn.get' }],
    ['that names another credential', { credentialId: Buffer.alloc(32, 3).toString('base64url') }],
  ])('is refused: %s', async (_title, fault) => {
    const response = createAuthenticator(ORIGIN).create(await creationOptions(), fault);
    await expect(passkeys.verifyCreation(response, CHALLENGE)).rejects.toMatchObject(refused);
  });

  it.each(['packed-chain', 'apple'] as const)(
    'is refused with certificates (%s), before anybody follows where they point',
    async (attestation) => {
      const response = createAuthenticator(ORIGIN).create(await creationOptions(), { attestation });
      const reason = { ...refused, message: 'an attestation that nobody asked for' };
      await expect(passkeys.verifyCreation(response, CHALLENGE)).rejects.toMatchObject(reason);
    },
  );

  it('is refused with an algorithm that was not offered (7.1 step 19)', async () => {
    const response = createAuthenticator(ORIGIN, { algorithm: 'ES384' }).create(await creationOptions());
    await expect(passkeys.verifyCreation(response, CHALLENGE)).rejects.toMatchObject(refused);
  });
});

describe('the use of a passkey', () => {
  it.each<[string, Fault]>([
    ['at another origin (7.2 step 13)', { origin: 'https://evil.example' }],
    ['for another relying party (7.2 step 15)', { rpId: 'evil.example' }],
    ['without the user (7.2 step 16)', { userPresent: false }],
    ['without a verified user (7.2 step 17)', { userVerified: false }],
    ['with a signature that was changed (7.2 step 21)', { signature: 'broken' }],
    ['for another challenge (7.2 step 12)', { challenge: OTHER_CHALLENGE }],
    ['that is a registration (7.2 step 11)', { type: 'webauthn.create' }],
    ["with somebody else's handle (7.2 step 6)", { userHandle: Buffer.alloc(32, 1).toString('base64url') }],
    ['under the id of another credential', { credentialId: Buffer.alloc(32, 3).toString('base64url') }],
  ])('is refused: %s', async (_title, fault) => {
    const { authenticator, request, verify } = await enrolled();
    await expect(verify(authenticator.use(request, fault))).rejects.toMatchObject(refused);
  });

  it('is refused under the key of another passkey', async () => {
    const [one, other] = [await enrolled(), await enrolled()];
    const { credentialId } = one.passkey;
    const response = other.authenticator.use(other.request, { credentialId });
    await expect(one.verify(response)).rejects.toMatchObject(refused);
  });

  it('needs no user handle: security keys give none', async () => {
    const { authenticator, request, verify } = await enrolled();
    await expect(verify(authenticator.use(request, { userHandle: null }))).resolves.toEqual({ counter: 2 });
  });

  it('gives back a counter that went backwards, for the caller to judge', async () => {
    const { authenticator, request, verify } = await enrolled();
    await expect(verify(authenticator.use(request, { counter: 0 }), { counter: 9 })).resolves.toEqual({
      counter: 0,
    });
  });
});

describe('what a browser posted', () => {
  const read = (text: string) => () => passkeys.readAnswer(text);

  it('tells the credential and the challenge that it answers', async () => {
    const { authenticator, request } = await enrolled();
    expect(passkeys.readAnswer(authenticator.use(request))).toEqual({
      credentialId: authenticator.credentialId,
      challenge: CHALLENGE,
    });
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['null', 'null'],
    ['a list', '[]'],
    ['an object without members', '{}'],
    ['deep nesting', '['.repeat(9_000) + ']'.repeat(9_000)],
    ['more than 20,000 characters', JSON.stringify({ id: 'a'.repeat(20_000) })],
    [
      'a prototype for a response',
      '{"id":"YQ","rawId":"YQ","type":"public-key","response":{"__proto__":{}}}',
    ],
    ['a number for an id', '{"id":1,"rawId":1,"type":"public-key","response":{"clientDataJSON":"e30"}}'],
    [
      'an id that is not base64url',
      '{"id":"a+b","rawId":"a+b","type":"public-key","response":{"clientDataJSON":"e30"}}',
    ],
    [
      'client data without a challenge',
      '{"id":"YQ","rawId":"YQ","type":"public-key","response":{"clientDataJSON":"e30"}}',
    ],
  ])('is refused: %s', (_title, text) => {
    expect(read(text)).toThrow(expect.objectContaining(refused));
  });

  it('is refused from within a frame of another site (7.2 step 14)', async () => {
    const { authenticator, request } = await enrolled();
    expect(read(authenticator.use(request, { crossOrigin: true }))).toThrow(expect.objectContaining(refused));
  });

  it.each([
    ['an empty attestation', 'oA'],
    ['nested CBOR', Buffer.alloc(9_000, 0x81).toString('base64url')],
    ['CBOR that ends early', 'o2NmbXRkbm9uZQ'],
  ])('is refused with %s', async (_title, attestationObject) => {
    const clientDataJSON = Buffer.from(
      JSON.stringify({ type: 'webauthn.create', challenge: CHALLENGE, origin: ORIGIN }),
    ).toString('base64url');
    const response = {
      id: 'YWE',
      rawId: 'YWE',
      type: 'public-key',
      response: { clientDataJSON, attestationObject },
    };
    await expect(passkeys.verifyCreation(JSON.stringify(response), CHALLENGE)).rejects.toMatchObject(refused);
  });
});
