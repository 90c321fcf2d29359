import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FederationError } from '../../../../src/domain/errors.ts';
import type { SamlSigned } from '../../../../src/domain/identity/saml-provider.ts';
import { signXml } from '../../../../src/protocols/saml/sign-xml.ts';
import { verifySamlResponse } from '../../../../src/protocols/saml/verify-response.ts';
import {
  type Attack,
  attackEncrypted,
  confuseParsers,
  editSignature,
  signByOthers,
  wrapAssertion,
  wrapMessage,
} from '../../../support/saml/attacks.ts';
import {
  ACS,
  AUDIENCE,
  createTestIdp,
  makeResponse,
  makeSamlProvider,
  NOW_MS,
  REQUEST_ID,
  type Signing,
  toBase64,
} from '../../../support/saml/identity-provider.ts';

const idp = createTestIdp();
const sp = generateKeyPairSync('rsa', { modulusLength: 2048 });

const verify = (xml: string, signed: SamlSigned = 'either') =>
  verifySamlResponse(toBase64(xml), {
    provider: makeSamlProvider({ signed }),
    metadata: idp.metadata,
    expected: {
      recipients: [ACS],
      audiences: [AUDIENCE],
      inResponseTo: { kind: 'request', id: REQUEST_ID },
    },
    decryptionKeys: [sp.privateKey],
    nowMs: NOW_MS,
  });

async function expectRefused({ xml, reason }: Attack, signed?: SamlSigned) {
  const outcome = await verify(xml, signed).then(
    ({ subject }) => `accepted as ${subject}`,
    (error: unknown) => error,
  );
  if (!(outcome instanceof FederationError)) throw new Error(String(outcome));
  expect(outcome.code).toBe('invalid-identity-token');
  expect(outcome.message).toContain(reason);
  const text = reason.includes('no entity')
    ? 'Issuer not present in specified provider'
    : 'Response signature invalid';
  expect(outcome.params).toEqual({ text });
}

const response = (signing: Signing) => makeResponse({}, { idp, signing });
const encrypted = (signing: Signing) => makeResponse({}, { idp, signing, encryption: { key: sp.publicKey } });

describe('controls', () => {
  it.each<[Signing, SamlSigned]>([
    ['assertion', 'either'],
    ['assertion', 'assertion'],
    ['message', 'either'],
    ['message', 'message'],
    ['both', 'both'],
    ['both', 'either'],
    ['both', 'assertion'],
    ['both', 'message'],
  ])('accepts a response with %s signed where %s is asked for', async (signing, signed) => {
    expect((await verify(response(signing), signed)).subject).toBe('user-1');
    expect((await verify(encrypted(signing), signed)).subject).toBe('user-1');
  });

  it.each<[Signing, SamlSigned]>([
    ['none', 'either'],
    ['none', 'assertion'],
    ['none', 'message'],
    ['none', 'both'],
    ['assertion', 'message'],
    ['assertion', 'both'],
    ['message', 'assertion'],
    ['message', 'both'],
  ])('refuses a response with %s signed where %s is asked for', async (signing, signed) => {
    for (const xml of [response(signing), encrypted(signing)])
      await expectRefused({ name: signing, xml, reason: `signed: ${signed}` }, signed);
  });
});

describe('signature wrapping', () => {
  it.each(wrapAssertion(response('assertion')))('refuses $name', (attack) => expectRefused(attack));
  it.each(wrapMessage(response('message')))('refuses $name', (attack) => expectRefused(attack));
  it.each(wrapAssertion(response('assertion')))('refuses $name where both must be signed', ({ name, xml }) =>
    expectRefused({ name, xml, reason: '' }, 'both'),
  );
});

describe('edited signatures', () => {
  it.each(editSignature(response('assertion')))('refuses $name', (attack) => expectRefused(attack));

  it('refuses a false signature of the message beside a good one of the assertion', async () => {
    const xml = response('both').replace(/<ds:SignatureValue>./, (start) =>
      start.endsWith('A>') ? 'B' : `${start.slice(0, -1)}A`,
    );
    await expectRefused({ name: '', xml, reason: 'a signature that no key' });
  });

  it('refuses a false signature of the assertion within a good one of the message', async () => {
    const other = createTestIdp();
    const inner = makeResponse({}, { idp: other, signing: 'assertion' });
    const xml = signXml(inner, { key: idp.key, certificate: idp.certificate, algorithm: 'rsa-sha256' });
    await expectRefused({ name: '', xml, reason: 'a signature that no key' });
  });
});

describe('parser confusion', () => {
  it.each(confuseParsers(response('assertion')))('refuses $name', (attack) => expectRefused(attack));
});

describe('keys of others', () => {
  it.each(signByOthers(idp))('refuses $name', (attack) => expectRefused(attack));
});

describe('encrypted assertions', () => {
  it.each(attackEncrypted(idp, sp))('refuses $name', (attack) => expectRefused(attack));
});
