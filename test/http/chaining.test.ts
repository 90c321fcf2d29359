import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SigningCredentials } from '../support/sign-request.ts';
import {
  callSts,
  credentialsIn,
  startWorldBridge,
  userKeys,
  worldToken,
  type WorldBridge,
} from '../support/world-bridge.ts';

const ACCOUNT = '111122223333';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/`;
const PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/idp.example.com`;

const allow = (principal: object, actions: readonly string[], condition?: object) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: principal,
      Action: actions,
      ...(condition ? { Condition: condition } : {}),
    },
  ],
});
const assume = (role: string) => ({ Action: 'AssumeRole', RoleArn: ROLE + role, RoleSessionName: 'next' });
const may = (action: string, resource = '*') => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: action, Resource: resource }],
});

const WEB_TRUST = allow(
  { Federated: PROVIDER },
  ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession', 'sts:SetSourceIdentity'],
  { StringEquals: { 'idp.example.com:aud': 'client-1' } },
);
const entry = { account: ACCOUNT, maxSessionDuration: '12h' };
const roles = [
  { ...entry, name: 'first', trustPolicy: WEB_TRUST, inlinePolicies: { assume: may('sts:*') } },
  { ...entry, name: 'once', trustPolicy: WEB_TRUST, singleUseToken: true },
  {
    ...entry,
    name: 'second',
    trustPolicy: allow({ AWS: `${ROLE}first` }, [
      'sts:AssumeRole',
      'sts:TagSession',
      'sts:SetSourceIdentity',
    ]),
    inlinePolicies: { assume: may('sts:*') },
  },
  {
    ...entry,
    name: 'third',
    trustPolicy: allow(
      { AWS: `${ROLE}second` },
      ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
      {
        StringEquals: { 'aws:PrincipalTag/Project': 'x', 'aws:SourceIdentity': 'alice' },
      },
    ),
  },
  {
    ...entry,
    name: 'engineers',
    trustPolicy: allow({ AWS: `${ROLE}first` }, ['sts:AssumeRole'], {
      StringEquals: { 'idp.example.com:department': 'engineering' },
    }),
  },
  { ...entry, name: 'no-tags', trustPolicy: allow({ AWS: `${ROLE}first` }, ['sts:AssumeRole']) },
];

let world: WorldBridge;
beforeAll(async () => {
  world = await startWorldBridge({ roles });
});
afterAll(async () => {
  await world.stop();
});

async function signIn(
  claims: Readonly<Record<string, unknown>> = {},
  parameters: Readonly<Record<string, string>> = {},
) {
  return callSts(world, {
    Action: 'AssumeRoleWithWebIdentity',
    RoleArn: `${ROLE}first`,
    RoleSessionName: 'ci',
    WebIdentityToken: await worldToken(world, claims),
    ...parameters,
  });
}

describe('a chain of roles', () => {
  test('never outlives the sign-in that it began with', async () => {
    const first = await signIn({}, { DurationSeconds: '900' });
    const end = first.text('Expiration');
    const second = await callSts(
      world,
      { ...assume('second'), DurationSeconds: '3600' },
      credentialsIn(first),
    );
    expect(second.text('Expiration')).toBe(end);
  });

  test('is kept to an hour a step, whatever the role allows (wire-spec 5)', async () => {
    const first = credentialsIn(await signIn({}, { DurationSeconds: '43200' }));
    const answer = await callSts(world, { ...assume('second'), DurationSeconds: '3601' }, first);
    expect(answer.text('Message')).toContain('1 hour session limit for roles assumed by role chaining');
  });

  test('carries transitive tags and the source identity to the third role', async () => {
    const claims = {
      'https://aws.amazon.com/tags': { principal_tags: { Project: ['x'] }, transitive_tag_keys: ['Project'] },
      'https://aws.amazon.com/source_identity': 'alice',
    };
    const first = credentialsIn(await signIn(claims));
    const answer = await callSts(world, assume('second'), first);
    expect(answer.text('SourceIdentity')).toBe('alice');
    const third = await callSts(world, assume('third'), credentialsIn(answer));
    expect(third.status, third.body).toBe(200);
  });

  test('cannot change its source identity', async () => {
    const first = credentialsIn(await signIn({ 'https://aws.amazon.com/source_identity': 'alice' }));
    const answer = await callSts(world, { ...assume('second'), SourceIdentity: 'mallory' }, first);
    expect(answer.text('Code')).toBe('InvalidParameterValue');
  });

  test('needs sts:TagSession on the next role for an inherited transitive tag', async () => {
    const claims = {
      'https://aws.amazon.com/tags': { principal_tags: { Project: ['x'] }, transitive_tag_keys: ['Project'] },
    };
    const answer = await callSts(world, assume('no-tags'), credentialsIn(await signIn(claims)));
    expect(answer.text('Message')).toContain('is not authorized to perform: sts:TagSession');
    expect((await callSts(world, assume('no-tags'), credentialsIn(await signIn()))).status).toBe(200);
  });

  test('is still decided by the claims of the token that it began with', async () => {
    const engineer = credentialsIn(await signIn({ department: 'engineering' }));
    const seller = credentialsIn(await signIn({ department: 'sales' }));
    expect((await callSts(world, assume('engineers'), engineer)).status).toBe(200);
    expect((await callSts(world, assume('engineers'), seller)).status).toBe(403);
  });
});

describe('a session policy', () => {
  const first = async (policy: object): Promise<SigningCredentials> =>
    credentialsIn(await signIn({}, { Policy: JSON.stringify(policy) }));

  test('narrows what its session may do', async () => {
    const narrowed = await first(may('s3:*'));
    expect(
      (await callSts(world, { Action: 'GetAccessKeyInfo', AccessKeyId: 'AKIAALICEXXXXXXXXXXX' }, narrowed))
        .status,
    ).toBe(403);
    expect((await callSts(world, { Action: 'GetCallerIdentity' }, narrowed)).status).toBe(200);
  });

  test('goes down the chain: no child may what its parent may not (MinIO CVE-2025-62506)', async () => {
    const info = { Action: 'GetAccessKeyInfo', AccessKeyId: 'AKIAALICEXXXXXXXXXXX' };
    const free = await callSts(world, assume('second'), await first(may('sts:*')));
    expect((await callSts(world, info, credentialsIn(free))).status).toBe(200);
    const narrowed = await callSts(world, assume('second'), await first(may('sts:AssumeRole')));
    expect(narrowed.status, narrowed.body).toBe(200);
    expect((await callSts(world, info, credentialsIn(narrowed))).status).toBe(403);
    // Nor can a session policy of its own win back what the parent's took away.
    const widened = await callSts(
      world,
      { ...assume('second'), Policy: JSON.stringify(may('*')) },
      await first(may('sts:AssumeRole')),
    );
    expect((await callSts(world, info, credentialsIn(widened))).status).toBe(403);
  });

  test('of random text is refused when it takes more than its space', async () => {
    const ids = Array.from({ length: 300 }, () => `arn:aws:s3:::${crypto.randomUUID()}`);
    const policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: ids }],
    });
    const answer = await callSts(
      world,
      { ...assume('second'), Policy: policy },
      credentialsIn(await signIn()),
    );
    expect(answer.text('Code')).toBe('PackedPolicyTooLarge');
    expect(answer.text('Message')).toMatch(/^Packed policy consumes \d+% of allotted space/);
  });
});

describe('a role that wants a token once', () => {
  test('opens to one of fifty that present it at the same moment', async () => {
    const WebIdentityToken = await worldToken(world, { jti: crypto.randomUUID() });
    const parameters = { RoleArn: `${ROLE}once`, RoleSessionName: 'ci', WebIdentityToken };
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        callSts(world, { Action: 'AssumeRoleWithWebIdentity', ...parameters }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(answers.filter(({ status }) => status !== 200).map(({ text }) => text('Code')))).toEqual(
      new Set(['InvalidIdentityToken']),
    );
  });

  test('knows a token without jti by what is signed', async () => {
    const WebIdentityToken = await worldToken(world, { nonce: crypto.randomUUID() });
    const parameters = { RoleArn: `${ROLE}once`, RoleSessionName: 'ci', WebIdentityToken };
    const call = () => callSts(world, { Action: 'AssumeRoleWithWebIdentity', ...parameters });
    expect((await call()).status).toBe(200);
    expect((await call()).status).toBe(400);
  });

  test('does not keep the token from other roles', async () => {
    const WebIdentityToken = await worldToken(world, { jti: crypto.randomUUID() });
    for (const role of ['once', 'first', 'first'])
      expect((await signIn({}, { RoleArn: ROLE + role, WebIdentityToken })).status).toBe(200);
  });
});

describe('organisation policies', () => {
  test('bind callers of member accounts, and not the management account', async () => {
    const deny = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Action: 'sts:AssumeRole', Resource: '*' }],
    };
    const full = may('*');
    const organization = { serviceControlPolicies: [{ level: 'root', documents: [full, deny] }] };
    await world.reconfigure({ extra: { organization } });
    const first = credentialsIn(await signIn());
    expect((await callSts(world, assume('second'), first)).status).toBe(403);
    await world.reconfigure({ extra: { organization: { ...organization, managementAccount: ACCOUNT } } });
    expect((await callSts(world, assume('second'), first)).status).toBe(200);
    await world.reconfigure({});
    expect((await callSts(world, assume('second'), userKeys('nopol'))).status).toBe(403);
  });
});
