import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AWS_RECIPIENT,
  SAML_PROVIDER,
  SAML_ROLE,
  worldResponse,
  worldResponseXml,
  type WorldResponse,
} from '../support/world-response.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import {
  callSts,
  credentialsIn,
  startWorldBridge,
  type StsAnswer,
  type WorldBridge,
} from '../support/world-bridge.ts';
import { toBase64 } from '../support/saml/identity-provider.ts';

const ACCOUNT = '111122223333';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/`;
const OPTIONAL = `arn:aws:iam::${ACCOUNT}:saml-provider/corp-optional`;
const PARTNER = 'arn:aws:iam::444455556666:saml-provider/corp-partner';
const DENIED = 'Not authorized to perform sts:AssumeRoleWithSAML';

const trust = (actions: readonly string[], condition: object = {}) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Federated: [SAML_PROVIDER, OPTIONAL] },
      Action: ['sts:AssumeRoleWithSAML', ...actions],
      Condition: { StringEquals: { 'saml:aud': AWS_RECIPIENT, ...condition } },
    },
  ],
});
const may = (action: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }],
});

const roles = [
  { name: 'saml', account: ACCOUNT, maxSessionDuration: '2h', trustPolicy: trust([]) },
  {
    name: 'tagged',
    account: ACCOUNT,
    trustPolicy: trust(['sts:TagSession', 'sts:SetSourceIdentity']),
    inlinePolicies: { chain: may('sts:*') },
  },
  {
    name: 'next',
    account: ACCOUNT,
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `${ROLE}tagged` },
          Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
          Condition: {
            StringEquals: {
              'aws:PrincipalTag/Team': 'x',
              'aws:SourceIdentity': 'alice',
              'saml:sub': 'user-1',
            },
          },
        },
      ],
    },
  },
  {
    name: 'engineers',
    account: ACCOUNT,
    trustPolicy: trust([], { 'saml:department': 'engineering', 'saml:iss': 'https://corp.example.com/idp' }),
  },
  { name: 'AWSReservedSSO_Admin_0123456789abcdef', account: ACCOUNT, trustPolicy: trust([]) },
  {
    name: 'partner',
    account: ACCOUNT,
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Federated: PARTNER },
          Action: 'sts:AssumeRoleWithSAML',
          Condition: { StringEquals: { 'saml:aud': AWS_RECIPIENT } },
        },
      ],
    },
  },
];

/** One identity provider, trusted under three names. */
const providersWith = (file: string) => [
  { name: 'corp', account: ACCOUNT, metadata: { file } },
  { name: 'corp-optional', account: ACCOUNT, metadata: { file }, roleAttribute: 'optional' },
  { name: 'corp-partner', account: '444455556666', metadata: { file } },
];

let world: WorldBridge;
beforeAll(async () => {
  world = await startWorldBridge({ roles, samlProviders: providersWith('corp.xml') });
});
afterAll(async () => {
  await world.stop();
});

type Call = Readonly<Record<string, string>>;

function call(SAMLAssertion: string, parameters: Call = {}, at: { url: string } = world): Promise<StsAnswer> {
  const RoleArn = SAML_ROLE;
  const PrincipalArn = SAML_PROVIDER;
  return callSts(at, { Action: 'AssumeRoleWithSAML', RoleArn, PrincipalArn, SAMLAssertion, ...parameters });
}
const respond = (changes?: WorldResponse): string => worldResponse(world, changes);
const pair = (role: string, provider = SAML_PROVIDER) => ({ 'aws:Role': `${ROLE}${role},${provider}` });
const secondsOf = (answer: StsAnswer): number =>
  (Date.parse(answer.text('Expiration') ?? '') - Date.now()) / 1000;
function expectSeconds(answer: StsAnswer, seconds: number): void {
  expect(secondsOf(answer), answer.body).toBeGreaterThan(seconds - 10);
  expect(secondsOf(answer)).toBeLessThanOrEqual(seconds);
}
function expectRefusal(answer: StsAnswer, code: string, message: string): void {
  expect(answer).toMatchObject({ status: code === 'AccessDenied' ? 403 : 400 });
  expect([answer.text('Code'), answer.text('Message')]).toEqual([code, message]);
  expect(answer.body).not.toContain('SecretAccessKey');
}

describe('the answer (wire-spec 1.5, 4)', () => {
  test('has its members in wire order', async () => {
    const { body } = await call(respond());
    const members = [...body.matchAll(/^ {4}<(\w+)>/gm)].map(([, name]) => name);
    expect(members).toEqual([
      'Credentials',
      'AssumedRoleUser',
      'Subject',
      'SubjectType',
      'Issuer',
      'Audience',
      'NameQualifier',
      'RequestId',
    ]);
  });

  test('tells subject, type, issuer, recipient and the name qualifier of the wire specification', async () => {
    const answer = await call(respond());
    expect(answer.text('Subject')).toBe('user-1');
    expect(answer.text('SubjectType')).toBe('persistent');
    expect(answer.text('Issuer')).toBe('https://corp.example.com/idp');
    expect(answer.text('Audience')).toBe(AWS_RECIPIENT);
    expect(answer.text('NameQualifier')).toBe('uOI3elWFntnY8tuw0sYi2ads4/s=');
    expect(answer.text('Arn')).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/saml/alice`);
    const who = await callSts(world, { Action: 'GetCallerIdentity' }, credentialsIn(answer));
    expect(who.text('Arn')).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/saml/alice`);
  });

  test('is also for a response that some request of a tool began', async () => {
    expect(await call(respond({ inResponseTo: '_of-a-tool' }))).toMatchObject({ status: 200 });
  });
});

describe('an assertion', () => {
  test('opens one session, whichever role and form it comes with again', async () => {
    const xml = worldResponseXml(world, {
      attributes: { 'aws:Role': [`${SAML_ROLE},${SAML_PROVIDER}`, `${ROLE}engineers,${SAML_PROVIDER}`] },
      signing: 'assertion',
    });
    expect(await call(toBase64(xml))).toMatchObject({ status: 200 });
    const used = 'Response has already been used';
    expectRefusal(await call(toBase64(xml)), 'InvalidIdentityToken', used);
    // The message around a signed assertion is anybody's to write.
    const otherMessage = xml.replace(/ID="_r\d+"/, 'ID="_another"');
    expect(otherMessage).not.toBe(xml);
    expectRefusal(await call(toBase64(otherMessage)), 'InvalidIdentityToken', used);
  });

  test('is not used up by a role that refuses it', async () => {
    const response = respond({
      attributes: {
        'aws:Role': [`${SAML_ROLE},${SAML_PROVIDER}`, `${ROLE}engineers,${SAML_PROVIDER}`],
        department: 'sales',
      },
    });
    expectRefusal(await call(response, { RoleArn: `${ROLE}engineers` }), 'AccessDenied', DENIED);
    expect(await call(response)).toMatchObject({ status: 200 });
  });

  test('for a browser sign-in of ours opens nothing here, though we are its recipient', async () => {
    const acs = 'http://127.0.0.1:8080/saml/corp/acs';
    const ours = {
      recipient: acs,
      destination: acs,
      audiences: ['http://127.0.0.1:8080/saml/corp/metadata'],
    };
    expectRefusal(
      await call(respond({ ...ours, inResponseTo: '_login' })),
      'InvalidIdentityToken',
      'Response is not a valid SAML response',
    );
    // The trust policy of role saml wants AWS's.
    expectRefusal(await call(respond(ours)), 'AccessDenied', DENIED);
  });
});

describe('the provider', () => {
  test.each([
    ['of another name', `arn:aws:iam::${ACCOUNT}:saml-provider/nobody`],
    ['in another account, though a trust policy names it', PARTNER],
    ['that is an OIDC provider', `arn:aws:iam::${ACCOUNT}:oidc-provider/idp.example.com`],
    ['that is no ARN', 'saml-provider/corp-is-no-arn'],
    ['in another case', SAML_PROVIDER.replace('corp', 'Corp')],
  ])("doesn't exist where it is one %s", async (_, PrincipalArn) => {
    const response = respond({ attributes: pair('partner', PrincipalArn) });
    const answer = await call(response, { PrincipalArn, RoleArn: `${ROLE}partner` });
    expectRefusal(answer, 'InvalidIdentityToken', "Specified provider doesn't exist");
  });

  test('is the one that the Role attribute and the trust policy name', async () => {
    const response = respond();
    expectRefusal(await call(response, { PrincipalArn: OPTIONAL }), 'AccessDenied', DENIED);
    expect(await call(response)).toMatchObject({ status: 200 });
  });

  test('needs no attribute of AWS where its roleAttribute is optional', async () => {
    const bare = { 'aws:Role': undefined, 'aws:RoleSessionName': undefined };
    const response = respond({ attributes: bare });
    expectRefusal(
      await call(response),
      'InvalidIdentityToken',
      'RoleSessionName is required in AuthnResponse',
    );
    const answer = await call(response, { PrincipalArn: OPTIONAL });
    expect(answer.text('Arn')).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/saml/user-1`);
  });

  test('opens what trust policies allow, and no more, where its roleAttribute is optional', async () => {
    const bare = { 'aws:Role': undefined, 'aws:RoleSessionName': undefined };
    const RoleArn = `${ROLE}engineers`;
    const as = (department: string) =>
      call(respond({ attributes: { ...bare, department } }), { PrincipalArn: OPTIONAL, RoleArn });
    expectRefusal(await as('sales'), 'AccessDenied', DENIED);
    expect(await as('engineering')).toMatchObject({ status: 200 });
  });
});

describe('a role', () => {
  test.each([
    ['that does not exist', 'nobody'],
    ['whose trust policy wants another attribute', 'engineers'],
    ['of IAM Identity Center', 'AWSReservedSSO_Admin_0123456789abcdef'],
  ])('%s is refused as any other', async (_, name) => {
    const answer = await call(respond({ attributes: pair(name) }), { RoleArn: ROLE + name });
    expectRefusal(answer, 'AccessDenied', DENIED);
  });

  test('that is no ARN is a fault of the request', async () => {
    const answer = await call(respond(), { RoleArn: 'this-is-no-arn-of-a-role' });
    expectRefusal(answer, 'ValidationError', 'this-is-no-arn-of-a-role is invalid');
  });
});

describe('the session lasts', () => {
  test('an hour where nobody says anything', async () => {
    expectSeconds(await call(respond()), 3600);
  });

  test.each([
    ['as the attribute says', '1800', {}, 1800],
    ['as the attribute says, above the default', '7200', {}, 7200],
    ['no longer than the role allows, whatever the attribute says', '43200', {}, 7200],
    ['as the parameter says, where that is shorter', '7200', { DurationSeconds: '900' }, 900],
    ['as the attribute says, where the parameter is longer', '900', { DurationSeconds: '7200' }, 900],
  ])('%s (wire-spec 4)', async (_, SessionDuration, parameters: Call, seconds) => {
    const response = respond({ attributes: { 'aws:SessionDuration': SessionDuration } });
    expectSeconds(await call(response, parameters), seconds);
  });

  test('until SessionNotOnOrAfter at most, also through a chain of roles', async () => {
    const attributes = {
      ...pair('tagged'),
      'https://aws.amazon.com/SAML/Attributes/PrincipalTag:Team': 'x',
      'aws:TransitiveTagKeys': 'Team',
      'aws:SourceIdentity': 'alice',
    };
    const response = respond({ attributes, sessionUntil: 600 });
    const first = await call(response, { RoleArn: `${ROLE}tagged` });
    expectSeconds(first, 600);
    const next = { Action: 'AssumeRole', RoleArn: `${ROLE}next`, RoleSessionName: 'next' };
    expectSeconds(await callSts(world, next, credentialsIn(first)), 600);
  });

  test('never longer than the role allows because a parameter asks (wire-spec 1.6)', async () => {
    expectRefusal(
      await call(respond(), { DurationSeconds: '7201' }),
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );
  });

  test.each(['899', '43201', 'long', '3600.5'])('nothing with a SessionDuration of %s', async (text) => {
    expectRefusal(
      await call(respond({ attributes: { 'aws:SessionDuration': text } })),
      'InvalidIdentityToken',
      'SessionDuration in AuthnResponse must be between 900 and 43200 seconds',
    );
  });
});

describe('tags and source identity', () => {
  const RoleArn = `${ROLE}tagged`;
  const tag = (key: string) => `https://aws.amazon.com/SAML/Attributes/PrincipalTag:${key}`;

  test('come from the assertion, and transitive ones go down a chain', async () => {
    const attributes = {
      ...pair('tagged'),
      [tag('Team')]: 'x',
      [tag('Cost')]: 'y',
      'aws:TransitiveTagKeys': ['Team'],
      'aws:SourceIdentity': 'alice',
    };
    const answer = await call(respond({ attributes }), { RoleArn });
    expect(answer.text('SourceIdentity')).toBe('alice');
    expect(Number(answer.text('PackedPolicySize'))).toBeGreaterThan(0);
    const next = { Action: 'AssumeRole', RoleArn: `${ROLE}next`, RoleSessionName: 'next' };
    expect(await callSts(world, next, credentialsIn(answer))).toMatchObject({ status: 200 });
  });

  test.each([
    ['tags', { [tag('Team')]: 'x' }],
    ['a source identity', { 'aws:SourceIdentity': 'alice' }],
  ])('need the role to allow %s (wire-spec 6.6)', async (_, attributes) => {
    expectRefusal(await call(respond({ attributes })), 'AccessDenied', DENIED);
  });

  test.each([
    ['with a blank', 'al ice'],
    ['that begins with aws:', 'aws:alice'],
    ['of one character', 'a'],
    ['twice', ['alice', 'bob']],
  ])('refuse a source identity %s (wire-spec 1.6)', async (_, value) => {
    expectRefusal(
      await call(respond({ attributes: { ...pair('tagged'), 'aws:SourceIdentity': value } }), { RoleArn }),
      'InvalidIdentityToken',
      'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"',
    );
  });
});

describe('a session policy', () => {
  test('narrows the session', async () => {
    const Policy = JSON.stringify(may('sts:GetAccessKeyInfo'));
    const attributes = {
      ...pair('tagged'),
      'https://aws.amazon.com/SAML/Attributes/PrincipalTag:Team': 'x',
      'aws:SourceIdentity': 'alice',
    };
    const answer = await call(respond({ attributes }), { RoleArn: `${ROLE}tagged`, Policy });
    const next = { Action: 'AssumeRole', RoleArn: `${ROLE}next`, RoleSessionName: 'next' };
    const chained = await callSts(world, next, credentialsIn(answer));
    expect(chained.text('Code')).toBe('AccessDenied');
  });

  test.each([
    ['that is no policy', { Policy: '{' }, 'MalformedPolicyDocument'],
    ['of 2049 characters', { Policy: ' '.repeat(2049) }, 'ValidationError'],
    [
      'that is not there',
      { 'PolicyArns.member.1.arn': `arn:aws:iam::${ACCOUNT}:policy/nobody` },
      'ValidationError',
    ],
  ])('%s is refused, and the assertion can still be used', async (_, parameters: Call, code) => {
    const response = respond();
    expect((await call(response, parameters)).text('Code')).toBe(code);
    expect(await call(response)).toMatchObject({ status: 200 });
  });
});

describe('the audit trail (wire-spec 10.1)', () => {
  test('names assertion, person and provider, and never holds the assertion', async () => {
    const response = respond();
    const answer = await call(response);
    const replayed = await call(response);
    const lines = await world.auditLines();
    const [opened, refused] = lines.slice(-2).map((line): unknown => JSON.parse(line));
    const person = {
      type: 'SAMLUser',
      principalId: 'uOI3elWFntnY8tuw0sYi2ads4/s=:user-1',
      userName: 'user-1',
      identityProvider: 'uOI3elWFntnY8tuw0sYi2ads4/s=',
    };
    expect(opened).toMatchObject({
      eventName: 'AssumeRoleWithSAML',
      userIdentity: person,
      requestParameters: {
        roleArn: SAML_ROLE,
        principalArn: SAML_PROVIDER,
        roleSessionName: 'alice',
      },
      responseElements: {
        credentials: { accessKeyId: answer.text('AccessKeyId') },
        subject: 'user-1',
        subjectType: 'persistent',
        issuer: 'https://corp.example.com/idp',
        nameQualifier: 'uOI3elWFntnY8tuw0sYi2ads4/s=',
        audience: AWS_RECIPIENT,
      },
      resources: [
        { ARN: SAML_ROLE, type: 'AWS::IAM::Role' },
        { ARN: SAML_PROVIDER, type: 'AWS::IAM::SAMLProvider' },
      ],
    });
    expect(lines.at(-2)).toMatch(/"sAMLAssertionID":"_a\d/);
    expect(refused).toMatchObject({
      errorCode: 'InvalidIdentityToken',
      userIdentity: person,
      additionalEventData: { outcome: 'failed', reference: replayed.headers.get('x-rolebridge-reference') },
    });
    expect(lines.join('\n')).not.toContain(response.slice(0, 200));
    expect(lines.join('\n')).not.toMatch(/sAMLAssertion"|samlAssertion/);
  });

  test('says why a proof was refused, which the caller is not told', async () => {
    const answer = await call(respond({ recipient: 'https://evil.example.com/acs' }));
    expectRefusal(answer, 'InvalidIdentityToken', 'Response does not contain the required audience');
    const [event] = (await world.auditLines()).slice(-1);
    expect(event).toMatch(/"errorMessage":"Recipient is not one of our URLs/);
    expect(event).toContain('"userIdentity":{"type":"Unknown"}');
  });
});

describe('two nodes on one Redis', () => {
  let redis: RedisServer;
  let nodes: readonly WorldBridge[];
  beforeAll(async () => {
    redis = await startRedis();
    const shared = {
      roles,
      store: { redis: { url: redis.url } },
      masterKey: { file: world.masterKeyFile },
      samlProviders: providersWith(world.samlMetadataFile),
    };
    nodes = await Promise.all([startWorldBridge(shared), startWorldBridge(shared)]);
  });
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await redis.stop();
  });

  test('open one session for an assertion that both are given at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const response = respond();
      const answers = await Promise.all([...nodes, ...nodes].map((node) => call(response, {}, node)));
      const opened = answers.filter(({ status }) => status === 200);
      expect(opened).toHaveLength(1);
      for (const answer of answers.filter(({ status }) => status !== 200))
        expectRefusal(answer, 'InvalidIdentityToken', 'Response has already been used');
    }
  });
});
