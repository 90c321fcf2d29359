import { isIP } from 'node:net';
import { namesAction } from '../domain/policy/action-element.ts';
import type { Policy } from '../domain/policy/document.ts';
import type { Statement } from '../domain/policy/statement.ts';
import { signsPeopleIn } from './application-trouble.ts';
import type { Config } from './config.ts';
import type { Issue, Path } from './fault.ts';

type World = Pick<
  Config,
  'publicUrl' | 'oidcProviders' | 'samlProviders' | 'roles' | 'applications' | 'services'
>;

/** A provider of either kind, and where it stands. */
type Candidate = {
  readonly arn: string;
  readonly takesPeople: boolean;
  readonly action: string;
  /** What comes along with its people, and the action that a role must allow for it (wire-spec 5). */
  readonly baggage: readonly { readonly what: string; readonly needs: string }[];
  readonly path: Path;
};

/** Warnings for what is allowed, but will disappoint whoever signs in. */
export function findSignInTrouble(world: World): readonly Issue[] {
  const candidates = candidatesOf(world);
  return [
    ...findNamelessHost(world, candidates),
    ...candidates.flatMap((candidate) => findUnusedProvider(candidate, world)),
    ...candidates.flatMap((candidate) => findRefusedBaggage(candidate, world)),
    ...findOpenGoogle(world),
  ];
}

const GOOGLE = 'accounts.google.com';
/** What tells one Google account, or one organisation's, from all others. */
const GOOGLE_OWNERS = ['sub', 'email', 'hd'].map((claim) => `${GOOGLE}:${claim}`);

// Google signs for anybody who made an account there. `hostedDomains` guards the pages, not the STS endpoint.
function findOpenGoogle(world: World): readonly Issue[] {
  const isGoogle = ({ issuer }: { readonly issuer: string }) => issuer === `https://${GOOGLE}`;
  const google = world.oidcProviders.filter(isGoogle).map(({ arn }) => arn);
  return trustsOf(world).flatMap(({ policy, path }) =>
    policy.statements
      .filter((statement) => google.some((arn) => namesProvider(statement, arn)))
      .filter(({ conditions }) => !conditions.some(({ key }) => GOOGLE_OWNERS.includes(key)))
      .map((statement): Issue => ({
        severity: 'warning',
        code: 'open-to-google-accounts',
        message: 'Anybody can make a Google account, and this statement takes them all.',
        remedy: `Add a condition on ${GOOGLE}:hd, the domain of your organisation, or on ${GOOGLE}:sub.`,
        path: [...path, ...statement.path],
      })),
  );
}

type Trust = { readonly policy: Policy; readonly path: Path };

/** All policies that open something to those who bring a proof. */
function trustsOf({ roles, applications, services }: World): readonly Trust[] {
  const at = (policy: Policy | undefined, ...path: Path): readonly Trust[] =>
    policy === undefined ? [] : [{ policy, path }];
  return [
    ...roles.flatMap(({ trustPolicy }, index) => at(trustPolicy, 'roles', index, 'trustPolicy')),
    ...applications.flatMap(({ authentication, exchangePolicy }, index) => [
      ...at(exchangePolicy, 'applications', index, 'exchangePolicy'),
      ...(authentication.kind === 'workload'
        ? at(authentication.policy, 'applications', index, 'clientPolicy')
        : []),
    ]),
    ...services.flatMap(({ exchangePolicy }, index) =>
      at(exchangePolicy, 'services', index, 'exchangePolicy'),
    ),
  ];
}

function candidatesOf({ oidcProviders, samlProviders }: World): readonly Candidate[] {
  return [
    ...oidcProviders.map((provider, index) =>
      candidateOf(provider, 'sts:assumerolewithwebidentity', ['oidcProviders', index]),
    ),
    ...samlProviders.map((provider, index) =>
      candidateOf(provider, 'sts:assumerolewithsaml', ['samlProviders', index]),
    ),
  ];
}

function candidateOf(
  { arn, tags, sourceIdentity, signIn }: World['oidcProviders'][number] | World['samlProviders'][number],
  action: string,
  path: Path,
): Candidate {
  const baggage = [
    ...(Object.keys(tags).length > 0 ? [{ what: 'a session tag', needs: 'sts:TagSession' }] : []),
    ...(sourceIdentity === undefined ? [] : [{ what: 'a source identity', needs: 'sts:SetSourceIdentity' }]),
  ];
  return { arn, takesPeople: signIn !== undefined, action, baggage, path };
}

// WebAuthn Level 3, 5.1.3: a relying party is a domain.
function findNamelessHost({ publicUrl }: World, candidates: readonly Candidate[]): readonly Issue[] {
  const host = new URL(publicUrl).hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) === 0 || !candidates.some(({ takesPeople }) => takesPeople)) return [];
  return [
    {
      severity: 'warning',
      code: 'passkeys-need-a-name',
      message: 'Passkeys need a host name: at an address people can use authenticator apps only.',
      remedy: 'Give the service a name; on this machine, localhost.',
      path: ['publicUrl'],
    },
  ];
}

function findUnusedProvider(
  { arn, takesPeople, path }: Candidate,
  { roles, applications }: World,
): readonly Issue[] {
  // Where there are applications, people may come for these alone.
  if (!takesPeople || applications.some(signsPeopleIn)) return [];
  if (roles.some(({ trustPolicy }) => opensTo(trustPolicy, arn))) return [];
  return [
    {
      severity: 'warning',
      code: 'unused-provider',
      message: 'Nobody who signs in with this provider will see a role: no trust policy names it.',
      remedy: `Name it in one: {"Federated": "${arn}"}.`,
      path: [...path, 'signIn'],
    },
  ];
}

/** Roles to which a provider's people may come, but not with what its configuration makes them bring. */
function findRefusedBaggage({ arn, action, baggage }: Candidate, { roles }: World): readonly Issue[] {
  return roles.flatMap(({ trustPolicy }, index) => {
    if (!opensTo(trustPolicy, arn, action)) return [];
    const missing = baggage.filter(({ needs }) => !opensTo(trustPolicy, arn, needs.toLowerCase()));
    return missing.map(({ what, needs }): Issue => ({
      severity: 'warning',
      code: 'missing-companion-action',
      message: `This role refuses whoever brings ${what}, and ${arn} is configured to give it.`,
      remedy: `Add ${needs} to the actions of its statement.`,
      path: ['roles', index, 'trustPolicy'],
    }));
  });
}

function opensTo({ statements }: Policy, arn: string, action?: string): boolean {
  return statements.some(
    (statement) =>
      namesProvider(statement, arn) && (action === undefined || namesAction(statement.actions, action)),
  );
}

function namesProvider({ effect, principals }: Statement, arn: string): boolean {
  if (effect !== 'Allow' || principals === undefined) return false;
  return principals.everyone || principals.federated.has(arn) || principals.federated.has('*');
}
