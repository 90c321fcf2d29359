import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TOKEN_TYPES } from '../../../../src/domain/application/token-type.ts';
import { FederationError } from '../../../../src/domain/errors.ts';
import { parseExchange } from '../../../../src/protocols/oauth/parse-exchange.ts';

const ROLE = 'arn:aws:iam::111122223333:role/ci/deploy';
const API = 'https://api.acme.example';
const GOOD = { subject_token: 'a.b.c', subject_token_type: TOKEN_TYPES.jwt, audience: API };

type Changes = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A good form, changed; `undefined` takes a parameter out, a list puts it there several times. */
function form(changes: Changes = {}) {
  const all: Changes = { ...GOOD, ...changes };
  return new URLSearchParams(
    Object.entries(all).flatMap(([name, value = []]) =>
      (typeof value === 'string' ? [value] : value).map((one) => [name, one]),
    ),
  );
}
const parse = (changes?: Changes) => parseExchange(form(changes), 'shop');
const target = (changes?: Changes) => parse(changes).target;

function refusalOf(run: () => unknown): readonly [string, unknown] {
  try {
    run();
  } catch (error) {
    if (error instanceof FederationError) return [error.code, error.params['text']];
    throw error;
  }
  throw new Error('it was accepted');
}

describe('what is asked for', () => {
  it('is an access token for the one audience where nothing else is said (RFC 8693 2.1)', () => {
    expect(parse()).toEqual({
      subject: { type: 'jwt', token: 'a.b.c' },
      target: { kind: 'access-token', audience: API, scopes: undefined },
    });
  });

  it('may be named as resource, and is the same', () => {
    expect(target({ audience: undefined, resource: API })).toEqual(target());
  });

  it('has its scopes once each, in their order (RFC 6749 3.3)', () => {
    expect(target({ scope: 'read write read' })).toMatchObject({ scopes: ['read', 'write'] });
  });

  it('is credentials where the resource is a role', () => {
    const wanted = { audience: undefined, resource: ROLE };
    expect(target(wanted)).toEqual({ kind: 'credentials', roleArn: ROLE });
    expect(target({ ...wanted, duration_seconds: '900' })).toEqual({
      kind: 'credentials',
      roleArn: ROLE,
      durationSeconds: 900,
    });
    expect(target({ ...wanted, requested_token_type: TOKEN_TYPES.aws4 })).toEqual(target(wanted));
  });

  it('is no credentials where an access token for the role is asked for: no service has that audience', () => {
    const wanted = { audience: undefined, resource: ROLE, requested_token_type: TOKEN_TYPES['access-token'] };
    expect(target(wanted)).toMatchObject({ kind: 'access-token', audience: ROLE });
  });

  it('is an ID token for the client itself, or for the one that it names', () => {
    const wanted = { requested_token_type: TOKEN_TYPES['id-token'] };
    expect(target({ ...wanted, audience: undefined })).toEqual({ kind: 'id-token', audience: 'shop' });
    expect(target({ ...wanted, audience: 'wiki' })).toEqual({ kind: 'id-token', audience: 'wiki' });
  });

  it('may bring an actor with its type', () => {
    expect(parse({ actor_token: 'd.e.f', actor_token_type: TOKEN_TYPES['id-token'] }).actor).toEqual({
      type: 'id-token',
      token: 'd.e.f',
    });
  });

  it('takes no notice of what it does not know, nor of what is empty (RFC 6749 3.2)', () => {
    expect(parse({ something: 'else', scope: '', actor_token: '', resource: '' })).toEqual(parse());
  });
});

describe('what is refused', () => {
  const credentials = { audience: undefined, resource: ROLE };
  const idToken = { requested_token_type: TOKEN_TYPES['id-token'] };
  type Row = readonly [what: string, changes: Changes, text: string];
  const rows: readonly Row[] = [
    ['no subject token', { subject_token: undefined }, 'subject_token is missing.'],
    ['an empty subject token', { subject_token: '' }, 'subject_token is missing.'],
    ['no type', { subject_token_type: undefined }, 'subject_token_type is missing.'],
    ['neither', { subject_token: undefined, subject_token_type: undefined }, 'subject_token is missing.'],
    [
      'a type by its short name',
      { subject_token_type: 'jwt' },
      'subject_token_type is none that is known here.',
    ],
    [
      'a refresh token as subject',
      { subject_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      'subject_token_type is none that is known here.',
    ],
    [
      'a type that every object inherits',
      { subject_token_type: 'constructor' },
      'subject_token_type is none that is known here.',
    ],
    ['an actor token without type', { actor_token: 'x' }, 'actor_token_type is missing.'],
    ['an actor type without token', { actor_token_type: TOKEN_TYPES.jwt }, 'actor_token is missing.'],
    ['a JWT of 20,001 characters', { subject_token: 'a'.repeat(20_001) }, 'subject_token is too long.'],
    [
      'a SAML assertion of 100,001 characters',
      { subject_token: 'a'.repeat(100_001), subject_token_type: TOKEN_TYPES.saml2 },
      'subject_token is too long.',
    ],
    [
      'credentials of 4,097 characters',
      { subject_token: 'a'.repeat(4097), subject_token_type: TOKEN_TYPES.aws4 },
      'subject_token is too long.',
    ],
    ['a scope of 4,097 characters', { scope: 'a'.repeat(4097) }, 'scope is too long.'],
    ['no target', { audience: undefined }, 'resource or audience is missing.'],
    [
      'a requested JWT',
      { requested_token_type: TOKEN_TYPES.jwt },
      'requested_token_type is none that is made here.',
    ],
    [
      'a requested assertion',
      { requested_token_type: TOKEN_TYPES.saml2 },
      'requested_token_type is none that is made here.',
    ],
    [
      'credentials of nothing',
      { audience: undefined, requested_token_type: TOKEN_TYPES.aws4 },
      'resource is missing.',
    ],
    ['credentials with a scope', { ...credentials, scope: 'read' }, 'scope is for access tokens only.'],
    ['an ID token with a scope', { ...idToken, scope: 'openid' }, 'scope is for access tokens only.'],
    [
      'a length for an access token',
      { duration_seconds: '900' },
      'duration_seconds is for credentials only.',
    ],
    [
      'a length for an ID token',
      { ...idToken, duration_seconds: '900' },
      'duration_seconds is for credentials only.',
    ],
    ...['899', '43201', '1e4', '900.5', '-900', '0x384', '000900', ' 900', 'NaN'].map((text): Row => [
      `credentials for ${text} seconds`,
      { ...credentials, duration_seconds: text },
      'duration_seconds is not a number from 900 to 43200.',
    ]),
    ...['subject_token', 'subject_token_type', 'scope', 'client_id', 'unknown'].map((name): Row => [
      `${name} twice`,
      { [name]: ['a', 'a'] },
      'A parameter is there twice.',
    ]),
    [
      'more than 100 parameters',
      Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`p${index}`, '1'])),
      'The request has too many parameters.',
    ],
  ];
  it.each(rows)('refuses %s', (_, changes, text) => {
    expect(refusalOf(() => parse(changes))).toEqual(['malformed-input', text]);
  });

  it.each<readonly [string, Changes]>([
    ['two audiences', { audience: [API, 'https://b.example'] }],
    ['one audience twice', { audience: [API, API] }],
    ['two resources', { audience: undefined, resource: [API, ROLE] }],
    ['a resource and an audience', { resource: API }],
    ['a resource that is no URI (RFC 8707 2)', { audience: undefined, resource: 'api' }],
    ['a resource with a fragment (RFC 8707 2)', { audience: undefined, resource: `${API}#x` }],
    ['an audience of 2,049 characters', { audience: 'a'.repeat(2049) }],
    ['credentials of a service', { requested_token_type: TOKEN_TYPES.aws4 }],
    [
      'credentials of a role that is named as audience',
      { audience: ROLE, requested_token_type: TOKEN_TYPES.aws4 },
    ],
    [
      'credentials of a user',
      {
        audience: undefined,
        resource: 'arn:aws:iam::111122223333:user/alice',
        requested_token_type: TOKEN_TYPES.aws4,
      },
    ],
    ['an ID token for a resource', { audience: undefined, resource: API, ...idToken }],
  ])('refuses %s as it refuses an unknown target', (_, changes) => {
    expect(refusalOf(() => parse(changes))).toEqual(['exchange-denied', undefined]);
  });

  it.each(['a  b', ' a', 'a ', 'a"b', 'a\\b', 'ä', 'a\tb', 'a\nb'])(
    'refuses the scope %j (RFC 6749 3.3)',
    (scope) => {
      expect(refusalOf(() => parse({ scope }))).toEqual(['scope-refused', undefined]);
    },
  );
});

it('either gives one bounded target or refuses, whatever comes', () => {
  const name = fc.constantFrom(
    ...Object.keys(GOOD),
    'resource',
    'scope',
    'requested_token_type',
    'actor_token',
    'duration_seconds',
  );
  const value = fc.oneof(fc.string(), fc.constantFrom(ROLE, API, '900', ...Object.values(TOKEN_TYPES)));
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), (pairs) => {
      const parameters = new URLSearchParams(pairs.map(([key, text]) => [key, text]));
      try {
        const { target: found } = parseExchange(parameters, 'shop');
        const named = found.kind === 'credentials' ? found.roleArn : found.audience;
        expect([...parameters.getAll('resource'), ...parameters.getAll('audience'), 'shop']).toContain(named);
      } catch (error) {
        if (!(error instanceof FederationError)) throw error;
      }
    }),
  );
});
