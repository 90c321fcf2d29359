import { describe, expect, it } from 'vitest';
import { listRoles } from '../../../../src/domain/federation/list-roles.ts';
import type { Role } from '../../../../src/domain/role/role.ts';
import {
  createPersonWorld,
  facts,
  makeIdentity,
  makePerson,
  makeRole,
  makeSamlIdentity,
  OTHER_ACCOUNT,
  SAML_ARN,
  samlProvider,
} from './person-world.ts';

const WITH_MFA = { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } };
const FRESH_MFA = { Condition: { NumericLessThan: { 'aws:MultiFactorAuthAge': '900' } } };
const BOB = { Condition: { StringEquals: { 'idp.example.com:sub': 'bob' } } };

async function list(
  roles: readonly Role[],
  person = makePerson(makeIdentity()),
  options: Parameters<typeof createPersonWorld>[1] = {},
): Promise<Readonly<Record<string, 'open' | 'needs MFA'>>> {
  const { deps, store, events } = createPersonWorld(roles, options);
  const found = listRoles(person, facts, deps);
  // Whoever only looks leaves no trace and opens nothing.
  expect(events).toEqual([]);
  expect((await store.audit.find({}, { limit: 10 })).records).toEqual([]);
  expect((await store.sessions.list({ by: 'all' }, { limit: 10 })).sessions).toEqual([]);
  await store.close();
  return Object.fromEntries(found.map(({ role, needsMfa }) => [role.name, needsMfa ? 'needs MFA' : 'open']));
}

describe("a person's list", () => {
  it('has what is open, marks what lacks only a second factor, and hides the rest', async () => {
    const roles = [
      makeRole('open', [{}]),
      makeRole('mfa', [WITH_MFA]),
      makeRole('fresh', [FRESH_MFA]),
      makeRole('bobs', [BOB]),
      makeRole('bobs-mfa', [{ Condition: { ...BOB.Condition, ...WITH_MFA.Condition } }]),
      makeRole('denied', [
        {},
        { Effect: 'Deny', Condition: { StringEquals: { 'idp.example.com:sub': 'alice' } } },
      ]),
    ];
    expect(await list(roles)).toEqual({ open: 'open', mfa: 'needs MFA', fresh: 'needs MFA' });
  });

  it('asks for a second factor again where the one that was proved is too old', async () => {
    const roles = [makeRole('mfa', [WITH_MFA]), makeRole('fresh', [FRESH_MFA])];
    const at = (mfaAgeSeconds: number) => list(roles, makePerson(makeIdentity(), { mfaAgeSeconds }));
    expect(await at(899)).toEqual({ mfa: 'open', fresh: 'open' });
    expect(await at(900)).toEqual({ mfa: 'open', fresh: 'needs MFA' });
  });

  it('knows of a sign-in without second factor that it had none: the key is there and false', async () => {
    const off = { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'false' } } };
    const noAge = {
      Condition: { Null: { 'aws:MultiFactorAuthAge': 'true', 'aws:MultiFactorAuthPresent': 'false' } },
    };
    expect(await list([makeRole('off', [off]), makeRole('no-age', [noAge])])).toEqual({
      off: 'open',
      'no-age': 'open',
    });
  });

  it('wants a second factor for everything where the installation does', async () => {
    const off = { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'false' } } };
    const roles = [makeRole('open', [{}]), makeRole('off', [off])];
    const always = { mfaRequired: 'always' } as const;
    expect(await list(roles, undefined, always)).toEqual({ open: 'needs MFA' });
    expect(await list(roles, makePerson(makeIdentity(), { mfaAgeSeconds: 1 }), always)).toEqual({
      open: 'open',
    });
  });

  it('leaves out roles of other accounts, whatever their policies say of the provider', async () => {
    expect(await list([makeRole('theirs', [{}], { account: OTHER_ACCOUNT })])).toEqual({});
  });

  it('leaves out a role that would have to take tags which its policy does not allow', async () => {
    const untagged = makeRole('untagged', [{ Action: 'sts:AssumeRoleWithWebIdentity' }]);
    expect(await list([untagged])).toEqual({ untagged: 'open' });
    const tagged = makePerson(makeIdentity({}, { tags: { team: 'x' } }));
    expect(await list([untagged, makeRole('tagged', [{}])], tagged)).toEqual({ tagged: 'open' });
  });

  it('has a role that opens for a short session only', async () => {
    const short = { Condition: { NumericLessThanEquals: { 'sts:DurationSeconds': '1800' } } };
    expect(await list([makeRole('short', [short])])).toEqual({ short: 'open' });
  });

  it('is empty, not broken, for a proof that opens nothing anywhere', async () => {
    const reserved = makePerson(makeIdentity({}, { tags: { a: 'x', A: 'y' } }));
    expect(await list([makeRole('open', [{}])], reserved)).toEqual({});
  });
});

describe("a SAML person's list (wire-spec 4)", () => {
  const admits = { Principal: { Federated: SAML_ARN }, Action: ['sts:AssumeRoleWithSAML', 'sts:TagSession'] };
  const dev = makeRole('dev', [admits]);
  const ops = makeRole('ops', [admits]);
  const oidcOnly = makeRole('oidc', [{}]);
  const roles = [dev, ops, oidcOnly];
  const listing = (...arns: readonly string[]) => ({ Role: arns.map((one) => `${one},${SAML_ARN}`) });

  it('has the roles that the assertion lists and that admit the provider', async () => {
    const person = makePerson(makeSamlIdentity(listing(dev.arn, oidcOnly.arn, `${dev.arn}-gone`, dev.arn)));
    expect(await list(roles, person)).toEqual({ dev: 'open' });
  });

  it('takes the pair in either order', async () => {
    expect(await list(roles, makePerson(makeSamlIdentity({ Role: [`${SAML_ARN} , ${ops.arn}`] })))).toEqual({
      ops: 'open',
    });
  });

  it('is empty where the assertion must list roles and lists none', async () => {
    expect(await list(roles, makePerson(makeSamlIdentity({})))).toEqual({});
  });

  it('has all roles that admit the provider where the assertion need not list any', async () => {
    const provider = {
      ...samlProvider,
      provider: { ...samlProvider.provider, roleAttribute: 'optional' as const },
    };
    expect(await list(roles, makePerson(makeSamlIdentity({}), { provider }))).toEqual({
      dev: 'open',
      ops: 'open',
    });
    // What it lists all the same still counts.
    expect(await list(roles, makePerson(makeSamlIdentity(listing(ops.arn)), { provider }))).toEqual({
      ops: 'open',
    });
  });

  it('is empty for an assertion whose session name breaks the rules', async () => {
    const person = makePerson(makeSamlIdentity({ ...listing(dev.arn), RoleSessionName: ['John Doe'] }));
    expect(await list(roles, person)).toEqual({});
  });

  it('does not have roles that are for IAM Identity Center', async () => {
    const reserved = makeRole('AWSReservedSSO_Admin_0123', [admits]);
    expect(await list([reserved], makePerson(makeSamlIdentity(listing(reserved.arn))))).toEqual({});
  });
});
