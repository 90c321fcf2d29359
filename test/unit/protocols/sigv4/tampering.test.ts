import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SignedRequest } from '../../../../src/protocols/sigv4/signed-request.ts';
import { receivedRequest } from '../../../support/received-request.ts';
import { signRequest, type SignRequestInput } from '../../../support/sign-request.ts';
import { outcomeOf } from './outcome.ts';

const AT = new Date('2026-01-02T03:04:05Z');
const credentials = {
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'AQoDYXdzEPT//////////wEXAMPLE==',
};
const situation = { credentials, nowMs: AT.getTime(), service: 'sts' };

const segment = fc.string({ unit: fc.constantFrom('a', 'B', '7', '~', '%20', '%E1%88%B4'), minLength: 1 });
const query = fc
  .array(fc.tuple(fc.string({ minLength: 1 }), fc.string()), { maxLength: 4 })
  .map((pairs) => pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&'));
const signed: fc.Arbitrary<SignRequestInput> = fc.record({
  method: fc.constantFrom('GET', 'POST'),
  url: fc
    .tuple(fc.array(segment, { maxLength: 3 }), query)
    .map(([path, search]) => `https://sts.example.com/${path.join('/')}${search === '' ? '' : `?${search}`}`),
  headers: fc.record({
    'content-type': fc.constant('application/x-www-form-urlencoded'),
    'x-k8s-aws-id': fc.string({ unit: fc.constantFrom('a', ' ', '-', '"', ',') }),
  }),
  body: fc.string({ unit: 'grapheme' }),
  credentials: fc.constant(credentials),
  at: fc.constant(AT),
});
const inEitherForm = fc
  .tuple(signed, fc.boolean())
  .map(([input, isPresigned]) => (isPresigned ? { ...input, presign: { expiresSeconds: 60 } } : input))
  .map((input) => receivedRequest(signRequest(input)));

// Every place whose bytes are under the signature, or are the signature.
function textsOf(request: SignedRequest): readonly Text[] {
  const { method, rawPath, rawQuery, headers } = request;
  return [
    { text: method, put: (text) => ({ ...request, method: text }) },
    { text: rawPath, put: (text) => ({ ...request, rawPath: text }) },
    { text: rawQuery, put: (text) => ({ ...request, rawQuery: text }) },
    {
      text: Buffer.from(request.body).toString('latin1'),
      put: (text) => ({ ...request, body: Buffer.from(text, 'latin1') }),
    },
    ...headers.flatMap(([name, value], index): Text[] => [
      { text: name, put: (text) => ({ ...request, headers: headers.with(index, [text, value]) }) },
      { text: value, put: (text) => ({ ...request, headers: headers.with(index, [name, text]) }) },
    ]),
  ];
}

type Text = { readonly text: string; readonly put: (text: string) => SignedRequest };

// HTTP itself takes one blank for another (RFC 9110 5.5), and so does the canonical form.
function isOtherBlank(left: string, right: string): boolean {
  return left.trim() === '' && right.trim() === '';
}

describe('a signed request', () => {
  it('is accepted, whatever its path, query, headers and body', () => {
    fc.assert(
      fc.property(inEitherForm, (request) => {
        expect(outcomeOf(request, situation)).toBe('accepted');
      }),
    );
  });

  it('is refused after a change of any single byte (SigV4)', () => {
    const where = fc.nat();
    const byte = fc.oneof(
      fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
      fc.constantFrom('&', '=', '%', '+', ';', ',', '/', '.', '?', ' '),
    );
    fc.assert(
      fc.property(inEitherForm, where, where, byte, (request, place, index, character) => {
        const places = textsOf(request).filter(({ text }) => text !== '');
        const target = places[place % places.length];
        if (target === undefined) throw new Error('a request has a method at least');
        const at = index % target.text.length;
        fc.pre(!isOtherBlank(target.text.charAt(at), character) && target.text.charAt(at) !== character);
        const changed = target.put(target.text.slice(0, at) + character + target.text.slice(at + 1));
        expect(outcomeOf(changed, situation)).not.toBe('accepted');
      }),
      { numRuns: 3000 },
    );
  });
});

describe('hostile input', () => {
  const anyHeader = fc.tuple(
    fc.constantFrom('authorization', 'x-amz-date', 'date', 'host', 'x-amz-security-token', 'x'),
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom(
          'AWS4-HMAC-SHA256 ',
          'Credential=',
          'SignedHeaders=host',
          'Signature=',
          ', ',
          'a/b/c/d/e',
        ),
      }),
    ),
  );
  const anyQuery = fc.string({
    unit: fc.constantFrom(
      'X-Amz-',
      'Algorithm',
      'Credential',
      'Signature',
      'SignedHeaders',
      'Date',
      'Expires',
      '=',
      '&',
      '%',
      '%2F',
      '\uD800',
      'AWS4-HMAC-SHA256',
    ),
  });

  it('is refused as a failed request and never ends as a fault of ours', () => {
    fc.assert(
      fc.property(
        fc.array(anyHeader),
        anyQuery,
        fc.string({ unit: 'binary' }),
        (headers, rawQuery, rawPath) => {
          const request = { method: 'GET', rawPath, rawQuery, headers, body: new Uint8Array() };
          expect(outcomeOf(request, situation)).not.toBe('accepted');
        },
      ),
      { numRuns: 1000 },
    );
  });
});
