import { describe, expect, it } from 'vitest';
import { FederationError, type FailureCode } from '../../../../src/domain/errors.ts';
import { oauthErrorCodeOf, oauthErrorOf } from '../../../../src/protocols/oauth/errors.ts';

const answer = (code: FailureCode, params: Readonly<Record<string, string | number>> = {}) =>
  oauthErrorOf(new FederationError(code, 'for our logs: statement 3 of the policy', { params }));

describe('oauthErrorOf', () => {
  it.each<readonly [FailureCode, number, string]>([
    ['malformed-input', 400, 'invalid_request'],
    ['invalid-action', 400, 'unsupported_grant_type'],
    ['request-too-large', 413, 'invalid_request'],
    ['invalid-identity-token', 400, 'invalid_request'],
    ['expired-identity-token', 400, 'invalid_request'],
    ['unknown-credentials', 400, 'invalid_request'],
    ['expired-credentials', 400, 'invalid_request'],
    ['exchange-loop', 400, 'invalid_request'],
    ['exchange-denied', 400, 'invalid_target'],
    ['federation-denied', 400, 'invalid_target'],
    ['caller-denied', 400, 'invalid_target'],
    ['scope-refused', 400, 'invalid_scope'],
    ['client-refused', 401, 'invalid_client'],
    ['client-unauthorized', 400, 'unauthorized_client'],
    ['mfa-required', 400, 'insufficient_user_authentication'],
    ['identity-provider-unreachable', 503, 'temporarily_unavailable'],
    ['store-unavailable', 503, 'temporarily_unavailable'],
  ])('answers %s with %i %s (RFC 6749 5.2, RFC 8693 2.2.2)', (code, status, error) => {
    expect(answer(code)).toMatchObject({ status, body: { error } });
    expect(oauthErrorCodeOf(code)).toBe(error);
  });

  it('tells nothing of what is for our logs', () => {
    expect(JSON.stringify(answer('exchange-denied', { statement: 'secret' }))).not.toMatch(/policy|secret/);
  });

  it('words a target that is refused as one that there is not', () => {
    const [first, ...others] = (['exchange-denied', 'federation-denied', 'caller-denied'] as const).map(
      (code) => answer(code),
    );
    for (const other of others) expect(other).toEqual(first);
  });

  it('words what is wrong with a token alike, whatever it is', () => {
    const text = 'No OpenIDConnect provider found in your account for https://x.example';
    expect(answer('invalid-identity-token', { text })).toEqual(answer('unknown-credentials'));
  });

  it('names the second factor that is missing as acr_values (RFC 9470 3)', () => {
    expect(answer('mfa-required').body['acr_values']).toBe('urn:rolebridge:acr:mfa');
    expect(answer('exchange-denied').body).not.toHaveProperty('acr_values');
  });

  it('says when to try again only where a retry can help', () => {
    expect(answer('store-unavailable').headers).toEqual({ 'Retry-After': '5' });
    expect(answer('exchange-denied').headers).toEqual({});
  });

  it('gives the reference of a refusal in the body and in a header', () => {
    const error = new FederationError('exchange-denied', 'refused');
    error.refusal = { reference: '7F3K-Q2MD', encodedMessage: 'sealed' };
    const { headers, body } = oauthErrorOf(error);
    expect(headers).toEqual({ 'x-rolebridge-reference': '7F3K-Q2MD' });
    expect(body['reference']).toBe('7F3K-Q2MD');
    expect(JSON.stringify(body)).not.toContain('sealed');
  });

  it('keeps the code of what the library refused', () => {
    expect(answer('oauth-refused', { error: 'invalid_grant' }).body['error']).toBe('invalid_grant');
    expect(answer('oauth-refused').body['error']).toBe('invalid_request');
    expect(answer('exchange-denied', { error: 'invalid_grant' }).body['error']).toBe('invalid_target');
  });

  it('writes a description of the characters that it may have (RFC 6749 5.2)', () => {
    const { body } = answer('malformed-input', { text: `a"b\\c\nd\u{1f600}é$&${'x'.repeat(600)}` });
    expect(body['error_description']).toMatch(/^a\?b\?c\?d\?+\$&x+$/);
    expect(body['error_description']).toHaveLength(500);
  });
});
