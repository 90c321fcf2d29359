import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { domainOf, readHint } from '../../../../src/http/sign-in/email-address.ts';

describe('the domain of an address', () => {
  it.each([
    ['a@acme.example', 'acme.example'],
    ['a.b+c@ACME.Example', 'acme.example'],
    ['a@bücher.example', 'xn--bcher-kva.example'],
    ['a@BÜCHER.example', 'xn--bcher-kva.example'],
    ['a@acme。example', 'acme.example'],
  ])('of %s is %s', (email, domain) => {
    expect(domainOf(email)).toBe(domain);
  });

  it.each([
    '',
    'a',
    'a@',
    '@acme.example',
    'a@localhost',
    'a@b@acme.example',
    'a b@acme.example',
    'a@acme.example ',
    'a@acme.example/x',
    'a@acme.example:80',
    'a@acme.example?x',
    'a@[127.0.0.1]',
    'a@acme.example\u202e',
    'a\u0000@acme.example',
    `${'a'.repeat(65)}@acme.example`,
    `a@${'a'.repeat(260)}.example`,
  ])('there is none in %j', (email) => {
    expect(domainOf(email)).toBeUndefined();
  });

  it('is always plain, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(domainOf(`a@${text}`) ?? 'a.b').toMatch(/^[a-z0-9._~!$&'()*+,;="`{}|^<>-]+$/);
      }),
    );
  });
});

it.each([
  [' a@acme.example ', 'a@acme.example'],
  ['a', 'a'],
  ['', undefined],
  [null, undefined],
  ['a\r\nb', undefined],
  ['a\u202eb', undefined],
  ['a'.repeat(255), undefined],
])('passes %j on as the hint %j', (text, hint) => {
  expect(readHint(text)).toBe(hint);
});
