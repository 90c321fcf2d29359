import { describe, expect, it } from 'vitest';
import type { Application } from '../../../../src/domain/application/application.ts';
import { Secret } from '../../../../src/domain/credentials/secret.ts';
import { exchangingClient } from '../../../../src/http/oidc/exchanging-client.ts';
import { TOKEN_EXCHANGE } from '../../../../src/protocols/oauth/parse-exchange.ts';
import { makeClosedApplication } from '../../domain/federation/exchange-world.ts';

const SECRET = 'secret of shop: 100% + more';
const withSecret = (method: 'basic' | 'post'): Application['authentication'] => ({
  kind: 'secret',
  secret: new Secret(SECRET),
  method,
});
const make = (clientId: string, more: Partial<Application> = {}): Application => ({
  ...makeClosedApplication(clientId, []),
  authentication: withSecret('basic'),
  ...more,
});
const shop = make('shop');
const applications = [
  shop,
  make('no-exchange', { grants: ['client_credentials'] }),
  make('post', { authentication: withSecret('post') }),
  make('public', { authentication: { kind: 'public' } }),
  make('keys', { authentication: { kind: 'keys', keys: { jwks: [] } } }),
];
const directory = { application: (id: string) => applications.find(({ clientId }) => clientId === id) };

const formEncoded = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);
const pairOf = (clientId: string, secret: string): string => [clientId, secret].map(formEncoded).join(':');
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const basic = (clientId = 'shop', secret = SECRET): string => `Basic ${base64(pairOf(clientId, secret))}`;

type Given = {
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly workload?: Application;
};
const find = ({ form = {}, headers = { authorization: basic() }, workload }: Given = {}) =>
  exchangingClient(
    {
      form: new URLSearchParams({ grant_type: TOKEN_EXCHANGE, ...form }),
      header: (name) => headers[name] ?? '',
      workload,
    },
    directory,
  )?.clientId;

describe('who is known without the library', () => {
  it('an application by its secret in the header, both parts form-encoded (RFC 6749 2.3.1)', () => {
    expect(find()).toBe('shop');
    expect(find({ form: { client_id: 'shop' } })).toBe('shop');
    expect(find({ headers: { authorization: basic().replace('Basic', 'basic') } })).toBe('shop');
  });

  it('an application that its platform has proved', () => {
    const workload = make('robot', { authentication: { kind: 'public' } });
    expect(find({ headers: {}, workload })).toBe('robot');
  });
});

describe('what is left to the library', () => {
  const authorization = basic();
  it.each<readonly [string, Given]>([
    ['another grant', { form: { grant_type: 'client_credentials' } }],
    ['nothing that proves anybody', { headers: {} }],
    ['a wrong secret', { headers: { authorization: basic('shop', 'wrong') } }],
    ['a secret that goes on', { headers: { authorization: basic('shop', `${SECRET}x`) } }],
    ['an empty secret', { headers: { authorization: basic('shop', '') } }],
    ['an unknown client', { headers: { authorization: basic('nobody') } }],
    ['another scheme', { headers: { authorization: authorization.replace('Basic', 'Bearer') } }],
    ['two spaces', { headers: { authorization: authorization.replace(' ', '  ') } }],
    ['what is no base64', { headers: { authorization: `${authorization}$` } }],
    ['a broken encoding', { headers: { authorization: `Basic ${base64('shop:%zz')}` } }],
    ['no colon', { headers: { authorization: `Basic ${base64('shop')}` } }],
    ['another client in the form', { form: { client_id: 'post' } }],
    ['a second secret', { form: { client_secret: SECRET } }],
    ['an empty second secret', { form: { client_secret: '' } }],
    ['an assertion beside the secret', { form: { client_assertion: 'a.b.c' } }],
    ['the type of an assertion', { form: { client_assertion_type: 'x' } }],
    ['a script of a page', { headers: { authorization, origin: 'https://shop.acme.example' } }],
    ['a proof of possession (RFC 9449)', { headers: { authorization, dpop: 'a.b.c' } }],
    ['an attestation', { headers: { authorization, 'oauth-client-attestation': 'a.b.c' } }],
    ['a wish for details (RFC 9396)', { form: { authorization_details: '[]' } }],
    ['a client that may not exchange', { headers: { authorization: basic('no-exchange') } }],
    ['a client whose secret belongs into the form', { headers: { authorization: basic('post') } }],
    ['a public client', { headers: { authorization: basic('public') } }],
    ['a client with keys', { headers: { authorization: basic('keys') } }],
    ['a password beside the token of a platform', { workload: make('robot') }],
    [
      'a platform whose application may not exchange',
      { headers: {}, workload: make('robot', { grants: ['client_credentials'] }) },
    ],
  ])('%s', (_what, given) => {
    expect(find(given)).toBeUndefined();
  });
});
