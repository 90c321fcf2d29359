import { createHmac, createPublicKey, generateKeyPairSync, hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FederationError } from '../../../../src/domain/errors.ts';
import type { OidcProvider } from '../../../../src/domain/identity/oidc-provider.ts';
import { verifyIdToken } from '../../../../src/protocols/oidc/verify-id-token.ts';
import * as issuer from './issuer.ts';
import { goodClaims, jwkOf, keysOf, makeProvider, mint, mintWith, NOW, refusalOf, rsa } from './issuer.ts';

const NOT_A_JWT =
  'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)';
const NO_KEY =
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";

const verify = (token: string, providers: readonly OidcProvider[] = [makeProvider()], nowMs = NOW * 1000) =>
  verifyIdToken(token, { providers, keysOf, nowMs });

async function expectText(token: string, text: string, providers?: readonly OidcProvider[]) {
  const { code, params } = await refusalOf(verify(token, providers));
  expect([code, params['text']]).toEqual(['invalid-identity-token', text]);
}

const base64url = (text: string) => Buffer.from(text).toString('base64url');

describe('verifyIdToken', () => {
  it('makes an identity of a good token', async () => {
    const token = mintWith({ jti: 'j1', email: 'a@example.com' });
    const provider = makeProvider();
    const { identity, provider: chosen } = await verify(token, [provider]);
    expect(chosen).toBe(provider);
    expect(identity).toEqual({
      kind: 'web-identity',
      providerArn: provider.arn,
      issuer: 'https://idp.example.com',
      subject: 'user-1',
      audience: 'client-1',
      conditionKeys: new Map([
        ['idp.example.com:aud', 'client-1'],
        ['idp.example.com:iss', 'https://idp.example.com'],
        ['idp.example.com:sub', 'user-1'],
        ['idp.example.com:iat', String(NOW - 10)],
        ['idp.example.com:exp', String(NOW + 600)],
        ['idp.example.com:jti', 'j1'],
        ['idp.example.com:email', 'a@example.com'],
      ]),
      tags: {},
      transitiveTagKeys: [],
      proofHash: hash('sha256', token),
      proofId: 'j1',
      expiresAtMs: (NOW + 660) * 1000,
    });
  });

  it.each([
    ['RS256', issuer.rsa, 'k1'],
    ['RS384', issuer.rsa, 'k1'],
    ['RS512', issuer.rsa, 'k1'],
    ['PS256', issuer.rsa, 'k1'],
    ['PS384', issuer.rsa, 'k1'],
    ['PS512', issuer.rsa, 'k1'],
    ['ES256', issuer.p256, 'k2'],
    ['ES384', issuer.p384, 'k3'],
    ['ES512', issuer.p521, 'k4'],
    ['EdDSA', issuer.ed25519, 'k5'],
  ])('accepts %s', async (alg, key, kid) => {
    const { identity } = await verify(mintWith({}, { alg, key, header: { kid } }));
    expect(identity.subject).toBe('user-1');
  });

  describe('form (RFC 7515 7.1)', () => {
    const good = mintWith({});
    const [header = '', payload = '', signature = ''] = good.split('.');
    it.each([
      ['nothing', ''],
      ['a word', 'abcd'],
      ['two parts', `${header}.${payload}`],
      ['four parts', `${good}.`],
      ['five parts, like an encrypted token', `${good}.x.y`],
      ['an empty header', `.${payload}.${signature}`],
      ['an empty payload', `${header}..${signature}`],
      ['an empty signature', `${header}.${payload}.`],
      ['a blank before it', ` ${good}`],
      ['a line feed after it', `${good}\n`],
      ['padding', `${header}.${payload}.${signature}==`],
      ['the alphabet of plain base64', `${header}.${payload}.${signature.slice(0, -4)}+/+/`],
      ['a NUL byte', `${header}.${payload}\u0000.${signature}`],
      ['letters beyond ASCII', `${header}.${payload}é.${signature}`],
      ['the JSON serialization', JSON.stringify({ protected: header, payload, signature })],
      ['a header that is no JSON', mint(goodClaims, { header: 'x' })],
      ['a header that is a list', mint(goodClaims, { header: '[]' })],
      ['a payload that is no JSON', mint('x')],
      ['a payload that is a list', mint([goodClaims])],
      ['a payload that is null', mint(null)],
      ['a payload with a byte order mark', mint(`\ufeff${JSON.stringify(goodClaims)}`)],
      ['a payload with a member twice', mint(JSON.stringify(goodClaims).replace('{', '{"sub":"admin",'))],
      [
        'a member twice, once escaped',
        mint(JSON.stringify(goodClaims).replace('{', '{"s\\u0075b":"admin",')),
      ],
      [
        'a member twice further down',
        mint(JSON.stringify({ ...goodClaims, x: 0 }).replace('"x":0', '"x":[{"a":1,"a":2}]')),
      ],
      [
        'a header with a member twice',
        mint(goodClaims, { header: '{"alg":"none","alg":"RS256","kid":"k1"}' }),
      ],
      [
        'JSON nested 17 deep',
        mint(JSON.stringify(goodClaims).replace('{', `{"x":${'['.repeat(16)}${']'.repeat(16)},`)),
      ],
      [
        'JSON nested 5,000 deep',
        mint(JSON.stringify(goodClaims).replace('{', `{"x":${'['.repeat(5000)}${']'.repeat(5000)},`)),
      ],
      ['JSON that never closes', mint('{"a":'.repeat(2500))],
    ])('refuses %s', async (_, token) => {
      await expectText(token, NOT_A_JWT);
    });

    it('refuses a token of 20,001 characters and takes one of 20,000', async () => {
      const sized = (length: number) => `${'a'.repeat(length - 4)}.b.c`;
      expect((await refusalOf(verify(sized(20_001)))).message).toBe('token is too long');
      expect((await refusalOf(verify(sized(20_000)))).message).not.toBe('token is too long');
    });

    it('refuses a payload that is not UTF-8', async () => {
      const bytes = Buffer.from(JSON.stringify(goodClaims).replace('user-1', 'user-\u00e9'), 'latin1');
      await expectText(mint(bytes), NOT_A_JWT);
    });

    it('takes JSON nested 16 deep, and colons, quotes and braces within texts', async () => {
      const nested = JSON.stringify(goodClaims).replace('{', `{"x":${'['.repeat(15)}${']'.repeat(15)},`);
      expect((await verify(mint(nested))).identity.subject).toBe('user-1');
      const { identity } = await verify(mintWith({ sub: 'a":"b\\\\":{"x":1}' }));
      expect(identity.subject).toBe('a":"b\\\\":{"x":1}');
    });

    it('refuses any single changed character', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat(good.length - 1),
          fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '-', '_', '.', '=', '+', ' '),
          async (at, letter) => {
            fc.pre(good[at] !== letter);
            const error = await refusalOf(verify(good.slice(0, at) + letter + good.slice(at + 1)));
            expect(error.code).toBe('invalid-identity-token');
          },
        ),
      );
    });

    it('fails only with a failure code, whatever the token', async () => {
      await fc.assert(
        fc.asyncProperty(fc.anything(), fc.string(), async (claims, text) => {
          const token = mint(claims === undefined ? text : { ...goodClaims, x: claims, y: text });
          await verify(token).catch((error: unknown) => {
            if (!(error instanceof FederationError)) throw error;
          });
        }),
      );
    });
  });

  describe('algorithm and key (RFC 8725 3.1)', () => {
    const publicPem = createPublicKey(rsa).export({ format: 'pem', type: 'spki' });
    const hs256 = (secret: string | Buffer) => {
      const input = `${base64url('{"alg":"HS256","kid":"k1"}')}.${base64url(JSON.stringify(goodClaims))}`;
      return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    };

    it.each([
      ['HS256 keyed with the public key (algorithm confusion)', hs256(publicPem)],
      ['HS256 keyed with a client secret (MinIO CVE-2026-33322)', hs256('client-secret')],
      [
        'alg none without a signature',
        `${base64url('{"alg":"none"}')}.${base64url(JSON.stringify(goodClaims))}.`,
      ],
      ['alg None', mintWith({}, { header: { alg: 'None' } })],
      ['no alg', mintWith({}, { header: { alg: undefined } })],
      ['an alg that is a list', mintWith({}, { header: { alg: ['RS256'] } })],
      ['rs256', mintWith({}, { header: { alg: 'rs256' } })],
      ['an alg that every object has', mintWith({}, { header: { alg: 'constructor' } })],
      ['an RS256 signature that calls itself PS256', mintWith({}, { header: { alg: 'PS256' } })],
      ['an RS256 signature that calls itself RS512', mintWith({}, { header: { alg: 'RS512' } })],
      ['a kid that is a number', mintWith({}, { header: { kid: 1 } })],
      ['its own key (jwk)', mintWith({}, { header: { jwk: jwkOf(rsa, 'k1') } })],
      ['the address of its keys (jku)', mintWith({}, { header: { jku: 'https://evil.example.com/jwks' } })],
      [
        'the address of its certificate (x5u)',
        mintWith({}, { header: { x5u: 'https://evil.example.com/c' } }),
      ],
      ['its own certificate (x5c)', mintWith({}, { header: { x5c: ['MIIB'] } })],
      ['a critical extension', mintWith({}, { header: { crit: ['exp'], exp: 1 } })],
      ['an unencoded payload (RFC 7797)', mintWith({}, { header: { crit: ['b64'], b64: false } })],
      ['b64 without crit', mintWith({}, { header: { b64: false } })],
    ])('refuses %s', async (_, token) => {
      await expectText(token, NOT_A_JWT);
    });

    it('refuses an algorithm that the provider does not list', async () => {
      await expectText(mintWith({}), NOT_A_JWT, [makeProvider({ algorithms: ['ES256'] })]);
    });

    it.each([
      [
        'ES256 with the kid of an RSA key',
        mintWith({}, { alg: 'ES256', key: issuer.p256, header: { kid: 'k1' } }),
      ],
      [
        'ES384 with the kid of a P-256 key',
        mintWith({}, { alg: 'ES384', key: issuer.p384, header: { kid: 'k2' } }),
      ],
      ['an unknown kid', mintWith({}, { header: { kid: 'k9' } })],
      ['an empty kid', mintWith({}, { header: { kid: '' } })],
    ])('refuses %s', async (_, token) => {
      await expectText(token, NO_KEY);
    });

    it('refuses the key of another provider under a known kid', async () => {
      const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
      const other = makeProvider({
        issuer: 'https://other.example.com',
        jwks: { kind: 'pinned', keys: [jwkOf(stranger, 'k1')] },
      });
      const token = mintWith({}, { key: stranger });
      await expectText(token, NOT_A_JWT, [makeProvider(), other]);
    });

    it('refuses a key that is for another algorithm, for encryption, or private', async () => {
      for (const more of [{ alg: 'RS384' }, { use: 'enc' }, { key_ops: ['encrypt'] }, { d: 'AQAB' }]) {
        const provider = makeProvider({ jwks: { kind: 'pinned', keys: [jwkOf(rsa, 'k1', more)] } });
        await expectText(mintWith({}), NO_KEY, [provider]);
      }
    });

    it('refuses an RSA key of 1024 bits, and one that hides it behind leading zeros (RFC 7518 3.3)', async () => {
      const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
      const jwk = jwkOf(weak, 'k1');
      const modulus = createPublicKey(weak).export({ format: 'jwk' }).n ?? '';
      const padded = Buffer.concat([Buffer.alloc(128), Buffer.from(modulus, 'base64url')]).toString(
        'base64url',
      );
      const pinned = (key: typeof jwk) => makeProvider({ jwks: { kind: 'pinned', keys: [key] } });
      const token = mintWith({}, { key: weak });
      await expectText(token, NO_KEY, [pinned(jwk)]);
      expect((await refusalOf(verify(token, [pinned({ ...jwk, n: padded })]))).code).toBe(
        'invalid-identity-token',
      );
    });

    it('takes a token without kid where only one key fits, and none where two do', async () => {
      const token = mintWith({}, { header: { kid: undefined } });
      expect((await verify(token)).identity.subject).toBe('user-1');
      const two = makeProvider({ jwks: { kind: 'pinned', keys: [jwkOf(rsa, 'a'), jwkOf(rsa, 'b')] } });
      await expectText(token, NO_KEY, [two]);
    });
  });

  describe('issuer', () => {
    it.each([
      'https://other.example.com',
      'https://idp.example.com/',
      'https://IDP.example.com',
      'http://idp.example.com',
      'idp.example.com',
      'https://idp.example.com.evil.example',
    ])('refuses %s, which no provider of the account has', async (iss) => {
      await expectText(mintWith({ iss }), `No OpenIDConnect provider found in your account for ${iss}`);
    });

    it.each([
      [undefined, 'Missing a required claim: iss.'],
      ['', 'Missing a required claim: iss.'],
      [null, 'Missing a required claim: iss.'],
      [['https://idp.example.com'], NOT_A_JWT],
      [`https://idp.example.com/${'a'.repeat(255)}`, NOT_A_JWT],
      ['https://idp.example.com\u0000', NOT_A_JWT],
    ])('refuses iss %j', async (iss, text) => {
      await expectText(mintWith({ iss }), text);
    });

    it('knows Google without a scheme, and keeps the name that the token gave', async () => {
      const google = makeProvider({ issuer: 'https://accounts.google.com' });
      const { identity } = await verify(mintWith({ iss: 'accounts.google.com' }), [google]);
      expect(identity.issuer).toBe('accounts.google.com');
      expect(identity.conditionKeys.get('accounts.google.com:sub')).toBe('user-1');
    });

    it('grants no other issuer that exception', async () => {
      await expectText(
        mintWith({ iss: 'idp.example.com' }),
        'No OpenIDConnect provider found in your account for idp.example.com',
      );
    });
  });

  describe('times (RFC 7519 4.1.4 to 4.1.6)', () => {
    it.each([NOW - 60, NOW - 61, NOW - 600, 0])(
      'refuses a token that expired at %i under a skew of 60 s',
      async (exp) => {
        const { code, params } = await refusalOf(verify(mintWith({ exp })));
        expect([code, params]).toEqual(['expired-identity-token', { now: NOW, expiration: exp }]);
      },
    );

    it('takes a token until the last second of the skew', async () => {
      expect((await verify(mintWith({ exp: NOW - 59 }))).identity.expiresAtMs).toBe((NOW + 1) * 1000);
      const lenient = makeProvider({ clockSkewSeconds: 300 });
      expect((await verify(mintWith({ exp: NOW - 299 }), [lenient])).identity.subject).toBe('user-1');
      const strict = makeProvider({ clockSkewSeconds: 0 });
      expect((await refusalOf(verify(mintWith({ exp: NOW }), [strict]))).code).toBe('expired-identity-token');
    });

    it.each(['nbf', 'iat'])('refuses %s beyond the skew in the future', async (name) => {
      const text = `Token not valid yet: current date/time ${NOW} must not be before the date/time ${NOW + 61}`;
      await expectText(mintWith({ [name]: NOW + 61 }), text);
      expect((await verify(mintWith({ [name]: NOW + 60 }))).identity.subject).toBe('user-1');
    });

    it.each(['exp', 'iat'])('refuses a token without %s', async (name) => {
      await expectText(mintWith({ [name]: undefined }), `Missing a required claim: ${name}.`);
    });

    it.each(
      ['exp', 'iat', 'nbf'].flatMap((name) =>
        [String(NOW), NOW + 0.5, true, [NOW], {}, -1, 2 ** 53].map((value) => [name, value] as const),
      ),
    )('refuses %s %j, which is not a whole number of seconds', async (name, value) => {
      await expectText(mintWith({ [name]: value }), NOT_A_JWT);
    });

    it('refuses an exp beyond all numbers', async () => {
      await expectText(mint(JSON.stringify(goodClaims).replace(String(goodClaims.exp), '1e999')), NOT_A_JWT);
    });
  });

  describe('subject and audience (wire-spec 3.2)', () => {
    it.each([
      [undefined, 'Missing a required claim: sub.'],
      ['', 'Missing a required claim: sub.'],
      [7, NOT_A_JWT],
      [['user-1'], NOT_A_JWT],
      ['user\u0000', NOT_A_JWT],
      ['user\ud800', NOT_A_JWT],
    ])('refuses sub %j', async (sub, text) => {
      await expectText(mintWith({ sub }), text);
    });

    it.each([
      [undefined, 'Missing a required claim: aud.'],
      [[], 'Missing a required claim: aud.'],
      ['client-9', 'Incorrect token audience'],
      ['Client-1', 'Incorrect token audience'],
      [['client-9'], 'Incorrect token audience'],
      [{ 0: 'client-1' }, NOT_A_JWT],
      [[['client-1']], NOT_A_JWT],
      [[1], NOT_A_JWT],
      [
        ['client-1', 'x'],
        'Token audience contains more than one audience while authorized party is not present',
      ],
      [
        ['client-1', 'client-1'],
        'Token audience contains more than one audience while authorized party is not present',
      ],
    ])('refuses aud %j', async (aud, text) => {
      await expectText(mintWith({ aud }), text);
    });

    it.each([
      ['client-9', 'Incorrect token audience'],
      ['', 'Missing a required claim: azp.'],
      [null, 'Missing a required claim: azp.'],
      [['client-1'], NOT_A_JWT],
    ])('refuses azp %j though aud is right', async (azp, text) => {
      await expectText(mintWith({ azp }), text);
    });

    it('tests azp in the place of aud, which becomes oaud', async () => {
      const { identity } = await verify(mintWith({ aud: ['x', 'y'], azp: 'client-2' }));
      expect(identity.audience).toBe('client-2');
      expect(identity.conditionKeys.get('idp.example.com:aud')).toBe('client-2');
      expect(identity.conditionKeys.get('idp.example.com:oaud')).toEqual(['x', 'y']);
    });

    it('still wants aud where azp is there', async () => {
      await expectText(mintWith({ aud: undefined, azp: 'client-1' }), 'Missing a required claim: aud.');
    });

    it('takes a list of one audience', async () => {
      expect((await verify(mintWith({ aud: ['client-2'] }))).identity.audience).toBe('client-2');
    });
  });

  describe('a logout token of the same provider (Back-Channel Logout 1.0 2.6)', () => {
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    it.each([
      { events },
      { events: { ...events, 'https://x.example': {} } },
      { events: { [Object.keys(events).join()]: null } },
    ])('is no ID token, by its claim: %j', async (claims) => {
      await expectText(mintWith(claims), NOT_A_JWT);
    });

    it.each(['logout+jwt', 'application/logout+jwt', 'Logout+JWT', 'secevent+jwt'])(
      'is no ID token, by its type %s',
      async (typ) => {
        await expectText(mintWith({}, { header: { kid: 'k1', typ } }), NOT_A_JWT);
      },
    );

    it.each([{ events: 'x' }, { events: [] }, { events: {} }, { events: { 'https://x.example': {} } }])(
      'is not what has %j, which may be an attribute of a person',
      async (claims) => {
        expect((await verify(mintWith(claims))).identity.subject).toBe('user-1');
      },
    );

    it.each(['JWT', 'at+jwt', 'application/jwt'])('is not what is of the type %s', async (typ) => {
      const token = mintWith({}, { header: { kid: 'k1', typ } });
      expect((await verify(token)).identity.subject).toBe('user-1');
    });
  });

  describe('single use', () => {
    it('names a proof without jti alike for both forms of an ECDSA signature', async () => {
      const token = mintWith({}, { alg: 'ES256', key: issuer.p256, header: { kid: 'k2' } });
      const twin = withTwinSignature(token);
      const [first, second] = [await verify(token), await verify(twin)];
      expect(twin).not.toBe(token);
      expect(second.identity.proofId).toBe(first.identity.proofId);
      expect(second.identity.proofHash).not.toBe(first.identity.proofHash);
    });

    it.each([7, '', 'j'.repeat(256)])('does not name a proof by the jti %j', async (jti) => {
      expect((await verify(mintWith({ jti }))).identity.proofId).toMatch(/^[0-9a-f]{64}$/);
    });
  });

  it('passes on that the issuer is unreachable', async () => {
    const unreachable = () => Promise.reject(new FederationError('identity-provider-unreachable', 'timeout'));
    const deps = { providers: [makeProvider()], keysOf: unreachable, nowMs: NOW * 1000 };
    expect((await refusalOf(verifyIdToken(mintWith({}), deps))).code).toBe('identity-provider-unreachable');
  });

  it('looks for no key before it knows the provider and the algorithm', async () => {
    const never = () => Promise.reject(new Error('a key was looked for'));
    const deps = { providers: [makeProvider()], keysOf: never, nowMs: NOW * 1000 };
    for (const token of [
      mintWith({ iss: 'https://x.example' }),
      mintWith({}, { header: { alg: 'HS256' } }),
      'a.b.c',
    ]) {
      expect((await refusalOf(verifyIdToken(token, deps))).code).toBe('invalid-identity-token');
    }
  });
});

/** (r, s) and (r, n − s) both verify; whoever holds a token can write the other one. */
function withTwinSignature(token: string): string {
  const dot = token.lastIndexOf('.') + 1;
  const bytes = Buffer.from(token.slice(dot), 'base64url');
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const s = order - BigInt(`0x${bytes.toString('hex', 32)}`);
  const twin = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
  return token.slice(0, dot) + twin.toString('base64url');
}
