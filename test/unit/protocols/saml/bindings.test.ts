import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isRelayStateShort,
  isSignatureValid,
  parsePost,
  parseRedirect,
  postFields,
  redirectUrl,
  type ReceivedMessage,
  xmlOf,
} from '../../../../src/protocols/saml/bindings.ts';
import { signatureMethodUri, signText } from '../../../../src/protocols/saml/signature-algorithms.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const RSA = ['rsa-sha256'] as const;

const message = { kind: 'SAMLRequest', xml: '<a>ä</a>', relayState: 'x y&z=1+' } as const;
const queryOf = (url: string) => url.slice(url.indexOf('?') + 1);
const signed = () =>
  queryOf(
    redirectUrl('https://idp.example.com/slo', message, { key: rsa.privateKey, algorithm: 'rsa-sha256' }),
  );

function isValid(
  received: ReceivedMessage,
  keys = [rsa.publicKey],
  allowed: Parameters<typeof isSignatureValid>[2] = RSA,
) {
  if (received.binding === 'post' || received.signature === undefined) return false;
  return isSignatureValid(received.signature, keys, allowed);
}

describe('the redirect binding', () => {
  it('carries a message, its RelayState and a signature (SAML Bindings 3.4.4)', () => {
    const received = parseRedirect(signed());
    expect(received).toMatchObject({
      binding: 'redirect',
      kind: 'SAMLRequest',
      relayState: message.relayState,
    });
    expect(xmlOf(received)).toBe(message.xml);
    expect(isValid(received)).toBe(true);
  });

  it('goes on with the query that the endpoint already has', () => {
    expect(redirectUrl('https://idp.example.com/slo?tenant=1', message)).toMatch(/\?tenant=1&SAMLRequest=/);
  });

  it('is signed with ECDSA as XML Signature has it, too', () => {
    const algorithm = 'ecdsa-sha256' as const;
    const received = parseRedirect(
      queryOf(redirectUrl('https://a', message, { key: ec.privateKey, algorithm })),
    );
    expect(isValid(received, [other.publicKey, ec.publicKey], [algorithm])).toBe(true);
  });

  it('brings back any text and any RelayState', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (xml, relayState) => {
        fc.pre(xml !== '');
        const received = parseRedirect(
          queryOf(redirectUrl('https://a', { kind: 'SAMLResponse', xml, relayState })),
        );
        expect([xmlOf(received), received.relayState]).toEqual([xml, relayState]);
      }),
    );
  });

  it('verifies the query as it came, whatever way its sender escapes (SAML Bindings 3.4.4.1)', () => {
    const lower = (text: string) =>
      encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
    const encoded = lower(deflateRawSync('<a/>').toString('base64'));
    const text = `SAMLRequest=${encoded}&SigAlg=${lower(signatureMethodUri('rsa-sha256'))}`;
    const signature = lower(signText(text, 'rsa-sha256', rsa.privateKey));
    // Its own order and further parameters are the sender's business, too.
    const query = `Signature=${signature}&tenant=1&${text}`;
    expect(isValid(parseRedirect(query))).toBe(true);
    expect(isValid(parseRedirect(query.replace(encoded, encoded.toUpperCase())))).toBe(false);
  });

  it.each([
    ['another RelayState', (query: string) => query.replace(/RelayState=[^&]*/, 'RelayState=other')],
    ['no RelayState', (query: string) => query.replace(/RelayState=[^&]*&/, '')],
    [
      'a RelayState that was not there',
      (query: string) =>
        `RelayState2=x&${query}`.replace('RelayState=', 'X=').replace('RelayState2', 'RelayState'),
    ],
    [
      'another message',
      (query: string) =>
        query.replace(
          /SAMLRequest=[^&]*/,
          `SAMLRequest=${encodeURIComponent(deflateRawSync('<b/>').toString('base64'))}`,
        ),
    ],
    ['an answer made of a request', (query: string) => query.replace('SAMLRequest', 'SAMLResponse')],
    ['another algorithm', (query: string) => query.replace('rsa-sha256', 'rsa-sha512')],
    [
      'SHA-1, which is not allowed',
      (query: string) =>
        query.replace(
          /SigAlg=[^&]*/,
          `SigAlg=${encodeURIComponent('http://www.w3.org/2000/09/xmldsig#rsa-sha1')}`,
        ),
    ],
    ['an empty signature', (query: string) => query.replace(/Signature=.*/, 'Signature=')],
  ])('does not verify with %s', (_name, change) => {
    expect(isValid(parseRedirect(change(signed())))).toBe(false);
  });

  it('does not verify with another key, or with none', () => {
    expect(isValid(parseRedirect(signed()), [other.publicKey, ec.publicKey])).toBe(false);
    expect(isValid(parseRedirect(signed()), [])).toBe(false);
  });

  const deflated = encodeURIComponent(deflateRawSync('<a/>').toString('base64'));
  it.each([
    ['no message', 'RelayState=x'],
    ['nothing', ''],
    ['a request and an answer', `SAMLRequest=${deflated}&SAMLResponse=${deflated}`],
    ['a message twice', `SAMLRequest=${deflated}&SAMLRequest=${deflated}`],
    ['a signature twice', `SAMLRequest=${deflated}&SigAlg=a&Signature=b&Signature=c`],
    ['a signature without an algorithm', `SAMLRequest=${deflated}&Signature=b`],
    ['an algorithm without a signature', `SAMLRequest=${deflated}&SigAlg=b`],
    ['another encoding', `SAMLRequest=${deflated}&SAMLEncoding=urn:other`],
    ['a broken escape', 'SAMLRequest=%E4'],
    ['100,001 characters', `SAMLRequest=${'A'.repeat(100_001)}`],
  ])('refuses %s', (_name, query) => {
    expect(() => parseRedirect(query)).toThrow(expect.objectContaining({ code: 'malformed-input' }));
  });

  it.each([
    ['no base64', 'a*b'],
    ['nothing', ''],
    ['what does not inflate', Buffer.from('plain').toString('base64')],
    ['a deflate bomb', deflateRawSync(Buffer.alloc(50_000_000)).toString('base64').slice(0, 90_000)],
    ['one byte too many', deflateRawSync('a'.repeat(100_001)).toString('base64')],
    ['bytes that are not UTF-8', deflateRawSync(Buffer.from([0x3c, 0xff])).toString('base64')],
  ])('refuses a message of %s', (_name, encoded) => {
    const received = parseRedirect(`SAMLRequest=${encodeURIComponent(encoded)}`);
    expect(() => xmlOf(received)).toThrow(expect.objectContaining({ code: 'malformed-input' }));
  });
});

describe('the POST binding', () => {
  it('carries a message and its RelayState (SAML Bindings 3.5.4)', () => {
    const received = parsePost(new URLSearchParams(postFields(message)).toString());
    expect(received).toMatchObject({ binding: 'post', kind: 'SAMLRequest', relayState: message.relayState });
    expect(xmlOf(received)).toBe(message.xml);
  });

  it('takes base64 in lines', () => {
    const lines = Buffer.from(`<a>${'x'.repeat(200)}</a>`)
      .toString('base64')
      .replace(/.{64}/g, '$&\r\n');
    expect(xmlOf(parsePost(`SAMLResponse=${encodeURIComponent(lines)}`))).toContain('xxx');
  });

  it.each([
    ['two responses', 'SAMLResponse=YQ&SAMLResponse=Yg'],
    ['two RelayStates', 'SAMLResponse=YQ&RelayState=a&RelayState=b'],
    ['no message', 'a=b'],
  ])('refuses %s', (_name, form) => {
    expect(() => parsePost(form)).toThrow(expect.objectContaining({ code: 'malformed-input' }));
  });

  it('never throws anything but a refusal, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const read of [
          () => xmlOf(parsePost(text)),
          () => xmlOf(parseRedirect(`SAMLRequest=${text}`)),
        ]) {
          try {
            read();
          } catch (error) {
            expect(error).toMatchObject({ code: 'malformed-input' });
          }
        }
      }),
    );
  });
});

describe('isRelayStateShort', () => {
  it('counts bytes, of which there may be 80 (SAML Bindings 3.4.3)', () => {
    expect(isRelayStateShort('a'.repeat(80))).toBe(true);
    expect(isRelayStateShort('a'.repeat(81))).toBe(false);
    expect(isRelayStateShort('ä'.repeat(41))).toBe(false);
    expect(isRelayStateShort(randomBytes(32).toString('base64url'))).toBe(true);
  });
});
