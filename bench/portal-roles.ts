import type { Identity } from '../src/domain/identity/identity.ts';
import type { SamlIdentity } from '../src/domain/identity/saml-identity.ts';
import type { Role } from '../src/domain/role/role.ts';
import {
  makeIdentity,
  makeRole,
  makeSamlIdentity,
  SAML_ARN,
} from '../test/unit/domain/federation/person-world.ts';

const OPEN = 10;
const KEY = 'idp.example.com:';
const teams = Array.from({ length: OPEN }, (_, index) => `team-${index}`);

/** A way in which an organisation says whose roles are whose; whatever the number of roles, ten are open. */
export type RolePlan = {
  readonly name: string;
  readonly roles: (count: number) => readonly Role[];
  readonly identity: (roles: readonly Role[]) => Identity | SamlIdentity;
};

/** Every role wants the audience, and a group of its own. */
export const byGroup: RolePlan = {
  name: 'one group a role',
  roles: (count) =>
    rolesOf(count, (index) => ({
      StringEquals: { [`${KEY}aud`]: 'client-1' },
      'ForAnyValue:StringEquals': { [`${KEY}groups`]: `team-${index}` },
    })),
  identity: () => makeIdentity({ groups: teams }),
};

export const rolePlans: readonly RolePlan[] = [
  byGroup,
  {
    name: 'one pattern a role',
    roles: (count) =>
      rolesOf(count, (index) => ({
        StringEquals: { [`${KEY}aud`]: 'client-1' },
        'ForAnyValue:StringLike': { [`${KEY}groups`]: `team-${index}/*` },
      })),
    identity: () => makeIdentity({ groups: teams.map((team) => `${team}/admins`) }),
  },
  {
    name: 'SAML, listed in the assertion',
    roles: (count) =>
      Array.from({ length: count }, (_, index) =>
        makeRole(`role-${index}`, [
          {
            Principal: { Federated: SAML_ARN },
            Action: 'sts:AssumeRoleWithSAML',
            Condition: { StringEquals: { 'saml:aud': 'https://bridge.example.com/saml/corp/acs' } },
          },
        ]),
      ),
    identity: (roles) =>
      makeSamlIdentity({ Role: roles.slice(0, OPEN).map(({ arn }) => `${arn},${SAML_ARN}`) }),
  },
];

function rolesOf(
  count: number,
  condition: (index: number) => Readonly<Record<string, unknown>>,
): readonly Role[] {
  return Array.from({ length: count }, (_, index) =>
    makeRole(`role-${index}`, [{ Condition: condition(index) }], { description: `Role number ${index}` }),
  );
}
