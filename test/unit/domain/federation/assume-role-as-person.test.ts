import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { assumeRole } from '../../../../src/domain/federation/assume-role.ts';
import { assumeRoleAsPerson, personDraft } from '../../../../src/domain/federation/assume-role-as-person.ts';
import { audited } from '../../../../src/domain/federation/audited.ts';
import type { SignedInPerson } from '../../../../src/domain/federation/signed-in-person.ts';
import { FederationError } from '../../../../src/domain/errors.ts';
import type { Role } from '../../../../src/domain/role/role.ts';
import type { Session } from '../../../../src/domain/session/session.ts';
import {
  ACCOUNT,
  createPersonWorld,
  facts,
  makeIdentity,
  makePerson,
  makeRole,
  makeSamlIdentity,
  NOW_MS,
  OIDC_ARN,
  OTHER_ACCOUNT,
  SAML_ARN,
  type PersonWorld,
} from './person-world.ts';

const eventSchema = z.object({
  eventSource: z.string(),
  eventName: z.string(),
  errorCode: z.string().optional(),
  userIdentity: z.object({ type: z.string(), userName: z.string() }),
  requestParameters: z.record(z.string(), z.unknown()),
  additionalEventData: z.object({
    outcome: z.string(),
    reference: z.string().optional(),
    decision: z.object({ outcome: z.string() }).optional(),
  }),
});

const MFA = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } };

async function take(
  world: PersonWorld,
  roleArn: string,
  person: SignedInPerson = makePerson(makeIdentity()),
  durationSeconds = 3600,
): Promise<Session> {
  const wanted = { roleArn, durationSeconds };
  const draft = personDraft(wanted, person, facts);
  const { credentials } = await audited(draft, world.deps, () =>
    assumeRoleAsPerson(wanted, person, draft, world.deps),
  );
  const session = await world.deps.sessions.find(credentials.accessKeyId);
  if (session === undefined) throw new Error('the session was not stored');
  return session;
}

/** The code of a refusal, after a look that nothing was issued and that the trail has it. */
async function refusal(...[world, ...rest]: Parameters<typeof take>): Promise<string> {
  const failure = await take(world, ...rest).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof FederationError)) throw new Error('it was no refusal', { cause: failure });
  expect((await world.deps.sessions.list({ by: 'all' }, { limit: 10 })).sessions).toEqual([]);
  const event = lastEvent(world);
  expect(event.errorCode).toBe(failure.code);
  expect(event.additionalEventData.reference).toBe(failure.refusal?.reference);
  return failure.code;
}

function lastEvent({ events }: PersonWorld): z.infer<typeof eventSchema> {
  return eventSchema.parse(JSON.parse(events.at(-1) ?? ''));
}

function worldOf(...roles: readonly Role[]): PersonWorld {
  return createPersonWorld(roles);
}

describe('what somebody who is signed in gets', () => {
  it('is a session that knows its sign-in and person, recorded as AssumeRoleWithWebIdentity', async () => {
    const role = makeRole('dev', [{}]);
    const world = worldOf(role);
    const session = await take(world, role.arn, undefined, 900);
    expect(session).toMatchObject({
      principalArn: `arn:aws:sts::${ACCOUNT}:assumed-role/dev/alice`,
      person: `${OIDC_ARN} alice`,
      providerArn: OIDC_ARN,
      signInId: 'sign-in-00000001',
      expiresAtMs: NOW_MS + 900_000,
    });
    expect(session).not.toHaveProperty('mfaAuthenticatedAtMs');
    expect(lastEvent(world)).toMatchObject({
      eventSource: 'sts.amazonaws.com',
      eventName: 'AssumeRoleWithWebIdentity',
      userIdentity: { type: 'WebIdentityUser', userName: 'alice' },
      requestParameters: {
        roleArn: role.arn,
        durationSeconds: 900,
        roleSessionName: 'alice',
        signInId: 'sign-in-00000001',
      },
      additionalEventData: { outcome: 'allowed', decision: { outcome: 'allow' } },
    });
  });

  it('can be had again and again: the proof was used up at the sign-in, not here', async () => {
    const role = makeRole('dev', [{}], { singleUseToken: true });
    const world = worldOf(role);
    await take(world, role.arn);
    await expect(take(world, role.arn)).resolves.toBeDefined();
  });

  it('keeps when the second factor was proved', async () => {
    const role = makeRole('dev', [{ Condition: MFA }]);
    const person = makePerson(makeIdentity(), { mfaAgeSeconds: 60 });
    expect(await take(worldOf(role), role.arn, person)).toMatchObject({
      mfaAuthenticatedAtMs: NOW_MS - 60_000,
    });
  });

  it('is named by nothing that two subjects could share', async () => {
    const role = makeRole('dev', [{}]);
    const nameOf = async (subject: string) => {
      const { principalArn } = await take(
        worldOf(role),
        role.arn,
        makePerson(makeIdentity({ email: 'a@b.example' }, { subject })),
      );
      return principalArn.slice(principalArn.lastIndexOf('/') + 1);
    };
    expect(await nameOf('auth0|1234')).toMatch(/^auth0-1234-[0-9a-f]{16}$/);
    expect(await nameOf('auth0-1234')).toBe('auth0-1234');
    // Whoever could choose their subject cannot choose another's made name.
    const made = await nameOf('auth0|1234');
    expect(await nameOf(made)).not.toBe(made);
  });

  it('carries the tags and the source identity of the proof', async () => {
    const role = makeRole('dev', [{}]);
    const identity = makeIdentity(
      {},
      { tags: { team: 'x' }, transitiveTagKeys: ['team'], sourceIdentity: 'alice' },
    );
    const world = worldOf(role);
    expect(await take(world, role.arn, makePerson(identity))).toMatchObject({
      tags: { team: 'x' },
      transitiveTagKeys: ['team'],
      sourceIdentity: 'alice',
    });
    expect(lastEvent(world).requestParameters).toMatchObject({
      principalTags: { team: 'x' },
      sourceIdentity: 'alice',
    });
  });
});

describe('a second factor', () => {
  const role = makeRole('dev', [{ Condition: MFA }]);

  it('that alone is missing is asked for, before anything is issued', async () => {
    const world = worldOf(role);
    expect(await refusal(world, role.arn)).toBe('mfa-required');
    expect(lastEvent(world)).toMatchObject({
      additionalEventData: { outcome: 'denied', decision: { outcome: 'implicitDeny' } },
    });
  });

  it.each([
    ['899.9', 'open'],
    ['900', 'mfa-required'],
    ['901', 'mfa-required'],
  ])('counts from when it was proved: %s seconds ago, it is %s', async (age, wanted) => {
    const fresh = makeRole('dev', [{ Condition: { NumericLessThan: { 'aws:MultiFactorAuthAge': '900' } } }]);
    const person = makePerson(makeIdentity(), { mfaAgeSeconds: Number(age) });
    if (wanted === 'open') await expect(take(worldOf(fresh), fresh.arn, person)).resolves.toBeDefined();
    else expect(await refusal(worldOf(fresh), fresh.arn, person)).toBe(wanted);
  });

  it('is not asked for where it would not help', async () => {
    const bobs = makeRole('dev', [{ Condition: { ...MFA, StringEquals: { 'idp.example.com:sub': 'bob' } } }]);
    expect(await refusal(worldOf(bobs), bobs.arn)).toBe('federation-denied');
  });

  it('is wanted of everybody where the installation does, whatever the policy says and whoever asks', async () => {
    const open = makeRole('dev', [{}]);
    const off = makeRole('off', [{ Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'false' } } }]);
    const world = createPersonWorld([open, off], { mfaRequired: 'always' });
    expect(await refusal(world, open.arn)).toBe('mfa-required');
    expect(await refusal(world, off.arn)).toBe('mfa-required');
    expect(await refusal(world, `${open.arn}-unknown`)).toBe('mfa-required');
    const proved = makePerson(makeIdentity(), { mfaAgeSeconds: 40_000 });
    await expect(take(world, open.arn, proved)).resolves.toBeDefined();
  });

  it('cannot be claimed by the identity provider: keys that begin with aws: are ours', async () => {
    const identity = makeIdentity();
    const keys = new Map([...identity.conditionKeys, ['aws:MultiFactorAuthPresent', 'true'] as const]);
    expect(await refusal(worldOf(role), role.arn, makePerson({ ...identity, conditionKeys: keys }))).toBe(
      'mfa-required',
    );
  });

  it('goes down a chain of roles with the sign-in, and its age goes on', async () => {
    const first = makeRole('first', [{ Condition: MFA }]);
    const second = makeRole('second', [
      {
        Principal: { AWS: `arn:aws:sts::${ACCOUNT}:assumed-role/first/alice` },
        Action: 'sts:AssumeRole',
        Condition: { ...MFA, NumericLessThan: { 'aws:MultiFactorAuthAge': '600' } },
      },
    ]);
    const world = worldOf(first, second);
    const parent = await take(world, first.arn, makePerson(makeIdentity(), { mfaAgeSeconds: 500 }));
    const chain = (timeMs: number) =>
      assumeRole(
        {
          action: 'sts:AssumeRole',
          roleArn: second.arn,
          roleSessionName: 'chained',
          policyArns: [],
          tags: [],
          transitiveTagKeys: [],
        },
        { caller: { kind: 'assumed-role', session: parent, role: first } },
        {
          facts: { ...facts, timeMs },
          eventName: 'AssumeRole',
          errorCodeOf: (code) => code,
          requestParameters: {},
        },
        world.deps,
      );
    const { credentials } = await chain(NOW_MS + 99_000);
    expect(await world.deps.sessions.find(credentials.accessKeyId)).toMatchObject({
      signInId: 'sign-in-00000001',
      mfaAuthenticatedAtMs: NOW_MS - 500_000,
    });
    await expect(chain(NOW_MS + 100_000)).rejects.toMatchObject({ code: 'caller-denied' });
  });
});

describe('a token that a tool brings', () => {
  it('says nothing of a second factor, neither yes nor no', async () => {
    const role = makeRole('dev', [{ Condition: { Null: { 'aws:MultiFactorAuthPresent': 'true' } } }]);
    const request = {
      action: 'sts:AssumeRoleWithWebIdentity',
      roleArn: role.arn,
      roleSessionName: 'tool',
      policyArns: [],
      tags: [],
      transitiveTagKeys: [],
    };
    const draft = { facts, eventName: 'X', errorCodeOf: (code: string) => code, requestParameters: {} };
    const world = worldOf(role);
    await expect(assumeRole(request, { identity: makeIdentity() }, draft, world.deps)).resolves.toBeDefined();
    // The same role, somebody signed in: there it is always known.
    expect(await refusal(worldOf(role), role.arn)).toBe('federation-denied');
  });
});

describe('what is refused', () => {
  const open = makeRole('dev', [{}]);

  it.each([
    ['a role that does not exist', `${open.arn}-unknown`, 'federation-denied'],
    ["another account's role", `arn:aws:iam::${OTHER_ACCOUNT}:role/theirs`, 'federation-denied'],
    ['no ARN at all', 'dev', 'federation-denied'],
    ['nothing', '', 'federation-denied'],
  ])('%s', async (_, roleArn, code) => {
    const theirs = makeRole('theirs', [{}], { account: OTHER_ACCOUNT });
    expect(await refusal(worldOf(open, theirs), roleArn)).toBe(code);
  });

  it("a session longer than the role's maximum", async () => {
    expect(await refusal(worldOf(open), open.arn, undefined, 3601)).toBe('duration-exceeds-role');
  });

  it('a duration that the policy does not allow', async () => {
    const short = makeRole('dev', [
      { Condition: { NumericLessThanEquals: { 'sts:DurationSeconds': '1800' } } },
    ]);
    expect(await refusal(worldOf(short), short.arn)).toBe('federation-denied');
    await expect(take(worldOf(short), short.arn, undefined, 1800)).resolves.toBeDefined();
  });

  it('a sign-in whose provider and identity are of different kinds', async () => {
    const crossed = { ...makePerson(makeSamlIdentity({})), identity: makeIdentity() };
    expect(await refusal(worldOf(open), open.arn, crossed)).toBe('federation-denied');
  });
});

describe('a person of a SAML provider (wire-spec 4)', () => {
  const role = makeRole('dev', [
    { Principal: { Federated: SAML_ARN }, Action: ['sts:AssumeRoleWithSAML', 'sts:TagSession'] },
  ]);
  const listed = { Role: [`${role.arn},${SAML_ARN}`] };

  it('gets a session again and again, named by the assertion, recorded as AssumeRoleWithSAML', async () => {
    const world = worldOf(role);
    const person = makePerson(makeSamlIdentity({ ...listed, RoleSessionName: ['alice@corp'] }));
    await take(world, role.arn, person);
    const { principalArn } = await take(world, role.arn, person);
    expect(principalArn).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/dev/alice@corp`);
    expect(lastEvent(world)).toMatchObject({
      eventName: 'AssumeRoleWithSAML',
      userIdentity: { type: 'SAMLUser' },
    });
  });

  it('is named by the subject where the assertion names no session', async () => {
    const { principalArn } = await take(worldOf(role), role.arn, makePerson(makeSamlIdentity(listed)));
    expect(principalArn).toMatch(/\/alice$/);
  });

  it('gets no longer than SessionDuration and SessionNotOnOrAfter say', async () => {
    const person = (seconds: string, ends?: number) =>
      makePerson(
        makeSamlIdentity(
          { ...listed, SessionDuration: [seconds] },
          ends === undefined ? {} : { sessionNotOnOrAfterMs: ends },
        ),
      );
    expect(await take(worldOf(role), role.arn, person('1800'))).toMatchObject({
      expiresAtMs: NOW_MS + 1_800_000,
    });
    expect(await take(worldOf(role), role.arn, person('1800', NOW_MS + 5000))).toMatchObject({
      expiresAtMs: NOW_MS + 5000,
    });
  });

  it.each([
    ['a role that it does not list', { Role: [`${role.arn}2,${SAML_ARN}`] }, 'federation-denied'],
    [
      "a role that it lists with another's provider",
      { Role: [`${role.arn},${SAML_ARN}2`] },
      'federation-denied',
    ],
    ['no role', {}, 'federation-denied'],
    ['a malformed session name', { ...listed, RoleSessionName: ['a b'] }, 'invalid-identity-token'],
    ['a malformed duration', { ...listed, SessionDuration: ['1'] }, 'invalid-identity-token'],
  ])('gets nothing with an assertion of %s', async (_, attributes, code) => {
    expect(await refusal(worldOf(role), role.arn, makePerson(makeSamlIdentity(attributes)))).toBe(code);
  });
});
