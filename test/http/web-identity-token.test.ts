import { hash } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { freePort } from '../support/free-port.ts';
import type { SigningCredentials } from '../support/sign-request.ts';
import {
  callSts,
  credentialsIn,
  startWorldBridge,
  userKeys,
  worldToken,
  type StsAnswer,
  type WorldBridge,
} from '../support/world-bridge.ts';
import { worldAccessKeys } from '../support/world.ts';

const ACCOUNT = '111122223333';
const OFF = '444455556666';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/ci/`;
const AUDIENCE = 'https://vault.acme.example';
const NAMESPACE = 'https://sts.amazonaws.com/';
const BOTH = ['sts:GetWebIdentityToken', 'sts:TagGetWebIdentityToken'];

const policy = (...statements: readonly object[]) => ({ Version: '2012-10-17', Statement: statements });
const allow = (actions: readonly string[], more: object = {}) => ({
  Effect: 'Allow',
  Action: actions,
  Resource: '*',
  ...more,
});
const ALICE = `arn:aws:iam::${ACCOUNT}:user/alice`;
const trustPolicy = policy({
  Effect: 'Allow',
  Principal: { AWS: ALICE },
  Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
});
const role = (name: string, ...statements: readonly object[]) => ({
  name,
  account: ACCOUNT,
  path: '/ci/',
  trustPolicy,
  ...(statements.length === 0 ? {} : { inlinePolicies: { own: policy(...statements) } }),
});
const roles = [
  { ...role('free', allow(BOTH), allow(['sts:AssumeRole'])), tags: { Team: 'role', kept: 'yes' } },
  role('untagging', allow(['sts:GetWebIdentityToken'])),
  role('silent'),
  role('denied', allow(['sts:*']), { ...allow(['sts:GetWebIdentityToken']), Effect: 'Deny' }),
  role('self', allow(BOTH, { Resource: `arn:aws:sts::${ACCOUNT}:self` })),
  role('elsewhere', allow(BOTH, { Resource: `arn:aws:sts::${OFF}:self` })),
  { ...role('bounded', allow(['sts:*'])), permissionsBoundary: `arn:aws:iam::${ACCOUNT}:policy/only-s3` },
  role(
    'limited',
    allow(['sts:GetWebIdentityToken'], {
      Condition: {
        'ForAllValues:StringEquals': { 'sts:IdentityTokenAudience': [AUDIENCE, 'b'] },
        Null: { 'sts:IdentityTokenAudience': 'false' },
        StringEquals: { 'sts:SigningAlgorithm': 'ES384' },
        NumericLessThanEquals: { 'sts:DurationSeconds': '300' },
      },
    }),
  ),
  role(
    'plain',
    allow(['sts:GetWebIdentityToken'], {
      Condition: { StringEquals: { 'sts:IdentityTokenAudience': AUDIENCE } },
    }),
  ),
  role(
    'tagging',
    allow(['sts:GetWebIdentityToken']),
    allow(['sts:TagGetWebIdentityToken'], {
      Condition: {
        StringEquals: { 'aws:RequestTag/scope': 'read' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['scope'] },
      },
    }),
  ),
  {
    ...role('web', allow(BOTH)),
    trustPolicy: policy({
      Effect: 'Allow',
      Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/idp.example.com` },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { 'idp.example.com:aud': 'client-1' } },
    }),
  },
];
const user = (name: string, account: string, document: object) => ({
  name,
  account,
  accessKeys: [{ id: worldAccessKeys[name]?.id, secret: { env: `${name.toUpperCase()}_SECRET` } }],
  inlinePolicies: { own: document },
  tags: { Team: 'user' },
});

const extra = (port: number) => ({
  publicUrl: `http://127.0.0.1:${port}`,
  listen: { host: '127.0.0.1', port },
  accounts: [{ id: ACCOUNT, outboundWebIdentityFederation: true }, { id: OFF }],
  organization: { id: 'o-abcdefghij' },
  roles,
  policies: [{ name: 'only-s3', account: ACCOUNT, document: policy(allow(['s3:*'])) }],
  users: [
    user('alice', ACCOUNT, policy(allow(['sts:*']))),
    user('carol', OFF, policy(allow(['sts:*']))),
    user('nopol', ACCOUNT, policy(allow(['s3:*']))),
  ],
});

let world: WorldBridge;
beforeAll(async () => {
  world = await startWorldBridge(extra(await freePort()));
});
afterAll(async () => {
  await world.stop();
});

type Parameters = Readonly<Record<string, string>>;
const ASK = {
  Action: 'GetWebIdentityToken',
  'Audience.member.1': AUDIENCE,
  SigningAlgorithm: 'ES384',
};
const ask = (by: SigningCredentials | undefined, parameters: Parameters = {}) =>
  callSts(world, { ...ASK, ...parameters }, by);
const assume = async (name: string, parameters: Parameters = {}) =>
  credentialsIn(
    await callSts(
      world,
      { Action: 'AssumeRole', RoleArn: ROLE + name, RoleSessionName: 'job-7', ...parameters },
      userKeys('alice'),
    ),
  );
const tag = (key: string, value: string, index = 1) => ({
  [`Tags.member.${index}.Key`]: key,
  [`Tags.member.${index}.Value`]: value,
});
const tokenIn = (answer: StsAnswer): string => {
  const token = answer.text('WebIdentityToken');
  if (token === undefined) throw new Error(answer.body);
  return token;
};
const refusal = (answer: StsAnswer) => [answer.status, answer.text('Code')];

const document = z.object({ issuer: z.string(), jwks_uri: z.string() });
/** As a service does that was told the issuer only. */
async function verified(token: string, audience = AUDIENCE) {
  const found = await fetch(`${world.url}/.well-known/openid-configuration`);
  const { issuer, jwks_uri } = document.parse(await found.json());
  return jwtVerify(token, createRemoteJWKSet(new URL(jwks_uri)), { issuer, audience, typ: 'JWT' });
}

describe('GetWebIdentityToken', () => {
  test.each(['RS256', 'ES384'])('gives a %s token that verifies by discovery', async (SigningAlgorithm) => {
    const token = tokenIn(await ask(await assume('free'), { SigningAlgorithm }));
    const { payload, protectedHeader } = await verified(token);
    expect(protectedHeader.alg).toBe(SigningAlgorithm);
    expect(payload.iss).toBe(world.url);
    expect(payload.sub).toBe(`${ROLE}free`);
    expect(payload.jti).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  });

  test('says in AWSs one claim whose session it is, and leaves out what there is not', async () => {
    const session = await assume('free', {
      ...tag('team', 'session'),
      SourceIdentity: 'ada',
      DurationSeconds: '1800',
    });
    const claims = decodeJwt(tokenIn(await ask(session, tag('job', '7'))));
    const { original_session_exp: end, ...told } = z
      .looseObject({ original_session_exp: z.iso.datetime() })
      .parse(claims[NAMESPACE]);
    expect(Math.abs(Date.parse(end) - Date.now() - 1_800_000)).toBeLessThan(60_000);
    expect(Object.keys(claims).toSorted()).toEqual(
      ['aud', 'exp', NAMESPACE, 'iat', 'iss', 'jti', 'sub'].toSorted(),
    );
    expect(told).toEqual({
      aws_account: ACCOUNT,
      source_region: 'us-east-1',
      org_id: 'o-abcdefghij',
      principal_id: `${ROLE}free`,
      principal_tags: { team: 'session', kept: 'yes' },
      request_tags: { job: '7' },
      source_identity: 'ada',
    });
  });

  test('names the provider behind a session that a web identity token opened', async () => {
    const opened = await callSts(world, {
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: `${ROLE}web`,
      RoleSessionName: 'web',
      WebIdentityToken: await worldToken(world),
    });
    const claims = decodeJwt(tokenIn(await ask(credentialsIn(opened))));
    expect(claims.sub).toBe(`${ROLE}web`);
    expect(claims[NAMESPACE]).toMatchObject({
      federated_provider: `arn:aws:iam::${ACCOUNT}:oidc-provider/idp.example.com`,
    });
  });

  test('works for a user, whose own ARN is the subject, and who has no session', async () => {
    const claims = decodeJwt(tokenIn(await ask(userKeys('alice'))));
    expect(claims.sub).toBe(ALICE);
    expect(claims[NAMESPACE]).toEqual({
      aws_account: ACCOUNT,
      source_region: 'us-east-1',
      org_id: 'o-abcdefghij',
      principal_id: ALICE,
      principal_tags: { Team: 'user' },
    });
  });

  test('lives five minutes where no duration is asked for, and says so in Expiration', async () => {
    const answer = await ask(userKeys('alice'));
    const { iat = 0, exp = 0 } = decodeJwt(tokenIn(answer));
    expect(exp - iat).toBe(300);
    expect(Date.parse(answer.text('Expiration') ?? '')).toBe(exp * 1000);
    const longer = decodeJwt(tokenIn(await ask(userKeys('alice'), { DurationSeconds: '3600' })));
    expect((longer.exp ?? 0) - (longer.iat ?? 0)).toBe(3600);
  });

  test('has one audience as a text, and several as a list in their order', async () => {
    const several = { 'Audience.member.1': 'b', 'Audience.member.2': 'a' };
    expect(decodeJwt(tokenIn(await ask(userKeys('alice')))).aud).toBe(AUDIENCE);
    expect(decodeJwt(tokenIn(await ask(userKeys('alice'), several))).aud).toEqual(['b', 'a']);
  });

  test('never gives the same token twice', async () => {
    const tokens = await Promise.all([ask(userKeys('alice')), ask(userKeys('alice'))]);
    const [one, two] = tokens.map((answer) => decodeJwt(tokenIn(answer)).jti);
    expect(one).not.toBe(two);
  });

  test('is allowed by a policy that names the resource of AWS', async () => {
    expect((await ask(await assume('self'), tag('a', 'b'))).status).toBe(200);
  });

  test('lets conditions on audience, algorithm and duration hold', async () => {
    const limited = await assume('limited');
    expect((await ask(limited)).status).toBe(200);
    expect((await ask(limited, { 'Audience.member.2': 'b', DurationSeconds: '300' })).status).toBe(200);
  });
});

describe('GetWebIdentityToken refuses', () => {
  test.each<[string, string, Parameters]>([
    ['another audience', 'limited', { 'Audience.member.1': 'https://elsewhere.example' }],
    [
      'another audience beside an allowed one',
      'limited',
      { 'Audience.member.2': 'https://elsewhere.example' },
    ],
    ['an audience that differs only in case', 'limited', { 'Audience.member.1': AUDIENCE.toUpperCase() }],
    ['a condition on the audience without a set operator', 'plain', {}],
    ['another algorithm', 'limited', { SigningAlgorithm: 'RS256' }],
    ['a longer life', 'limited', { DurationSeconds: '301' }],
    ['a role whose policies say nothing', 'silent', {}],
    ['a role with an explicit deny', 'denied', {}],
    ['a role whose boundary does not allow it', 'bounded', {}],
    ['a policy for the principals of another account', 'elsewhere', {}],
  ])('%s', async (_, name, parameters) => {
    const answer = await ask(await assume(name), parameters);
    expect(refusal(answer)).toEqual([403, 'AccessDenied']);
    expect(answer.text('Message')).toBe(
      `User: arn:aws:sts::${ACCOUNT}:assumed-role/${name}/job-7 is not authorized to perform: ` +
        `sts:GetWebIdentityToken on resource: arn:aws:sts::${ACCOUNT}:self`,
    );
    expect(answer.text('Reference')).toMatch(/^[A-Z2-7]{4}-[A-Z2-7]{4}$/);
    expect(answer.body).not.toContain('WebIdentityToken>');
  });

  test.each<[string, string, Parameters]>([
    ['tags that nothing allows', 'untagging', tag('scope', 'read')],
    ['a tag of another value', 'tagging', tag('scope', 'write')],
    ['a tag beside the allowed one', 'tagging', { ...tag('scope', 'read'), ...tag('more', 'x', 2) }],
  ])('%s', async (_, name, parameters) => {
    const answer = await ask(await assume(name), parameters);
    expect(refusal(answer)).toEqual([403, 'AccessDenied']);
    expect(answer.text('Message')).toContain('sts:TagGetWebIdentityToken on resource');
  });

  test('no tags where only tags are restricted, and the allowed tag', async () => {
    const tagging = await assume('tagging');
    expect((await ask(tagging)).status).toBe(200);
    expect((await ask(tagging, tag('scope', 'read'))).status).toBe(200);
  });

  test('a session whose own policy does not allow it, although its role may', async () => {
    const Policy = JSON.stringify(policy(allow(['s3:*'])));
    expect(refusal(await ask(await assume('free', { Policy })))).toEqual([403, 'AccessDenied']);
  });

  test('credentials of GetSessionToken and GetFederationToken (wire-spec 5)', async () => {
    const alice = userKeys('alice');
    const session = credentialsIn(await callSts(world, { Action: 'GetSessionToken' }, alice));
    const Policy = JSON.stringify(policy(allow(['sts:*'])));
    const federation = { Action: 'GetFederationToken', Name: 'bob', Policy };
    const federated = credentialsIn(await callSts(world, federation, alice));
    for (const by of [session, federated]) expect(refusal(await ask(by))).toEqual([403, 'AccessDenied']);
  });

  test('a user without the permission, a caller without signature, and a wrong signature', async () => {
    expect(refusal(await ask(userKeys('nopol')))).toEqual([403, 'AccessDenied']);
    expect(refusal(await ask(undefined))).toEqual([403, 'MissingAuthenticationToken']);
    const forged = { ...userKeys('alice'), secretAccessKey: 'x'.repeat(40) };
    expect(refusal(await ask(forged))).toEqual([403, 'SignatureDoesNotMatch']);
  });

  test('an account where it is not enabled, whatever the policies say', async () => {
    expect(refusal(await ask(userKeys('carol')))).toEqual([
      403,
      'OutboundWebIdentityFederationDisabledException',
    ]);
  });

  test('a life beyond the end of the session that asks', async () => {
    const short = await assume('free', { DurationSeconds: '900' });
    expect((await ask(short, { DurationSeconds: '800' })).status).toBe(200);
    const answer = await ask(short, { DurationSeconds: '1000' });
    expect(refusal(answer)).toEqual([403, 'SessionDurationEscalationException']);
    expect(answer.text('Message')).not.toBe('');
  });

  test('a revoked session, at once', async () => {
    const session = await assume('free');
    await world.reconfigure({ roles: (all) => all.filter(({ name }) => name !== 'free') });
    await world.reconfigure({});
    expect(refusal(await ask(session))).toEqual([403, 'InvalidClientTokenId']);
  });

  test('more claims than fit', async () => {
    const long = Object.fromEntries(
      Array.from({ length: 10 }, (_, at) => [`Audience.member.${at + 1}`, `${at}`.repeat(1000)]),
    );
    const answer = await ask(userKeys('alice'), long);
    expect(refusal(answer)).toEqual([400, 'JWTPayloadSizeExceededException']);
    expect(answer.text('Message')).toMatch(/hold \d+ bytes of claims, and may hold 10000/);
    const nearly = Object.fromEntries(Object.entries(long).slice(1));
    const token = tokenIn(await ask(userKeys('alice'), nearly));
    // What is issued fits into our own AssumeRoleWithWebIdentity.
    expect(token.length).toBeLessThan(20_000);
  });

  test.each<[string, Parameters, string]>([
    ['no audience', { 'Audience.member.1': '' }, 'ValidationError'],
    ['an empty audience beside a good one', { 'Audience.member.2': '' }, 'ValidationError'],
    ['an audience of 1001 characters', { 'Audience.member.1': 'a'.repeat(1001) }, 'ValidationError'],
    ['an audience that has members', { 'Audience.member.2.Key': 'a' }, 'ValidationError'],
    ['an algorithm that others use', { SigningAlgorithm: 'ES256' }, 'ValidationError'],
    ['an algorithm in small letters', { SigningAlgorithm: 'es384' }, 'ValidationError'],
    ['alg none', { SigningAlgorithm: 'none' }, 'ValidationError'],
    ['a symmetric algorithm', { SigningAlgorithm: 'HS256' }, 'ValidationError'],
    ['59 seconds', { DurationSeconds: '59' }, 'ValidationError'],
    ['3601 seconds', { DurationSeconds: '3601' }, 'ValidationError'],
    ['a duration that is no number', { DurationSeconds: '5m' }, 'MalformedInput'],
    ['a tag key of other characters', tag('<a>', 'b'), 'ValidationError'],
    ['a tag without value', { 'Tags.member.1.Key': 'a' }, 'ValidationError'],
    ['a tag twice', { ...tag('a', 'b'), ...tag('A', 'c', 2) }, 'InvalidParameterValue'],
    ['a reserved tag', tag('aws:team', 'b'), 'InvalidParameterValue'],
  ])('%s', async (_, parameters, code) => {
    expect(refusal(await ask(userKeys('alice'), parameters))).toEqual([400, code]);
  });

  test('51 tags', async () => {
    const tags = Array.from({ length: 51 }, (_, at) => tag(`k${at}`, 'v', at + 1)).reduce((all, one) => ({
      ...all,
      ...one,
    }));
    expect(refusal(await ask(userKeys('alice'), tags))).toEqual([400, 'ValidationError']);
  });
});

describe('the audit trail', () => {
  const event = z.looseObject({
    eventName: z.string(),
    errorCode: z.string().optional(),
    requestParameters: z.looseObject({}).nullable(),
    responseElements: z.looseObject({ webIdentityTokenHash: z.string().optional() }).nullable(),
  });
  const eventsSince = async (from: number) =>
    (await world.auditLines())
      .slice(from)
      .map((line) => event.parse(JSON.parse(line)))
      .filter(({ eventName }) => eventName === 'GetWebIdentityToken');

  test('has for whom a token was asked and its hash, never the token', async () => {
    const from = (await world.auditLines()).length;
    const token = tokenIn(await ask(await assume('free'), tag('job', '7')));
    const [recorded] = await eventsSince(from);
    expect(recorded?.requestParameters).toEqual({
      audience: [AUDIENCE],
      signingAlgorithm: 'ES384',
      tags: [{ key: 'job', value: '7' }],
    });
    expect(recorded?.responseElements).toMatchObject({
      webIdentityTokenHash: hash('sha256', token),
      tokenId: decodeJwt(token).jti,
      subject: `${ROLE}free`,
    });
    const lines = (await world.auditLines()).join('\n');
    const [, payload = '', signature = ''] = token.split('.');
    expect(lines).not.toContain(signature);
    expect(lines).not.toContain(payload);
  });

  test('has each refusal', async () => {
    const from = (await world.auditLines()).length;
    await ask(userKeys('carol'));
    await ask(await assume('silent'));
    await ask(await assume('free', { DurationSeconds: '900' }), { DurationSeconds: '3600' });
    expect((await eventsSince(from)).map(({ errorCode }) => errorCode)).toEqual([
      'OutboundWebIdentityFederationDisabledException',
      'AccessDenied',
      'SessionDurationEscalationException',
    ]);
  });
});

test('all tokens name a key that is in the key set, and no token brings its own', async () => {
  const header = decodeProtectedHeader(tokenIn(await ask(userKeys('alice'))));
  expect(Object.keys(header).toSorted()).toEqual(['alg', 'kid', 'typ']);
});
