import type { Application } from '../domain/application/application.ts';
import { isPublicSubject } from '../domain/identity/person.ts';
import type { AccountId, Arn } from '../domain/role/arn.ts';
import type { Path } from './fault.ts';
import { reportOwnedClaims } from './owned-claims.ts';
import { reportLogoutUri, reportRedirectUris } from './redirect-uris.ts';
import { arnOf, reportDuplicates, reportError, reportUnknown } from './resolution.ts';
import type { Resolution } from './resolution.ts';
import { resolveClientAuthentication } from './resolve-client-authentication.ts';
import { compileTrust } from './resolve-policies.ts';
import type { TrustedProviders } from './resolve-policies.ts';
import type { ConfigFile } from './schema.ts';

type Entry = ConfigFile['applications'][number];

/** What an entry may refer to. */
type World = {
  readonly providers: TrustedProviders;
  readonly roles: ReadonlySet<string>;
  readonly services: ReadonlySet<string>;
  readonly http: ConfigFile['outbound']['http'];
  readonly ownAccount: AccountId | undefined;
};

/** The OIDC and OAuth clients, each with the one way in which it proves who it is. */
export function resolveApplications(
  file: ConfigFile,
  providers: TrustedProviders,
  resolution: Resolution,
): readonly Application[] {
  const { applications, roles, services, accounts, outbound } = file;
  const clientIds = applications.map(({ clientId }, index) => ({
    key: clientId,
    path: ['applications', index, 'clientId'],
  }));
  reportDuplicates(clientIds, 'client id', resolution);
  const world = {
    providers,
    // Faulty ones, too: a reference to one of them is no second fault.
    roles: new Set(roles.map(({ account, path, name }) => `arn:aws:iam::${account}:role${path}${name}`)),
    services: new Set(services.map(({ audience }) => audience)),
    http: outbound.http,
    ownAccount: accounts[0]?.id,
  };
  return applications.flatMap((entry, index) =>
    resolveEntry(entry, { path: ['applications', index], world }, resolution),
  );
}

type Place = { readonly path: Path; readonly world: World };

function resolveEntry(entry: Entry, place: Place, resolution: Resolution): readonly Application[] {
  const account = entry.account ?? place.world.ownAccount;
  if (account === undefined) return [];
  const arn = arnOf(`arn:aws:rolebridge::${account}:application/${entry.clientId}`);
  const application = resolveApplication(entry, { ...place, arn, account }, resolution);
  const { path, world } = place;
  reportAmbiguousId(entry.clientId, [...path, 'clientId'], resolution);
  reportRedirectUris(entry, { path, authentication: application.authentication }, resolution);
  const logout = { path: [...path, 'backchannelLogoutUri'], http: world.http };
  reportLogoutUri(entry.backchannelLogoutUri, logout, resolution);
  reportOwnedClaims(entry.claims, [...path, 'claims'], resolution);
  reportImpossibleGrants(application, path, resolution);
  return [application];
}

function resolveApplication(
  entry: Entry,
  { path, world, arn, account }: Place & { readonly arn: Arn; readonly account: AccountId },
  resolution: Resolution,
): Application {
  const { clientId, displayName, backchannelLogoutUri, exchangePolicy: document } = entry;
  const { providers, http } = world;
  const policyPlace = { kind: 'exchange', arn, path: [...path, 'exchangePolicy'], providers } as const;
  const exchangePolicy = compileTrust(document, policyPlace, resolution);
  return {
    clientId,
    arn,
    account,
    displayName: displayName ?? clientId,
    redirectUris: entry.redirectUris,
    postLogoutRedirectUris: entry.postLogoutRedirectUris,
    ...(backchannelLogoutUri !== undefined && { backchannelLogoutUri }),
    authentication: resolveClientAuthentication(entry, { arn, path, providers, http }, resolution),
    grants: [...new Set(entry.grants)],
    firstParty: entry.firstParty,
    ...resolveReach(entry, { path, world }, resolution),
    claims: entry.claims,
    ...(exchangePolicy !== undefined && { exchangePolicy }),
    idTokenLifetimeSeconds: entry.idTokenLifetime,
    refreshTokenLifetimeSeconds: entry.refreshTokenLifetime,
    idTokenAlgorithm: entry.idTokenAlgorithm,
    requirePushedRequests: entry.requirePushedRequests,
    requireDpop: entry.requireDpop,
  };
}

/** What it may have tokens and credentials of. */
function resolveReach(
  { audiences, allowedRoles, roleClaims }: Entry,
  { path, world }: Place,
  resolution: Resolution,
): Pick<Application, 'audiences' | 'allowedRoles' | 'roleClaims'> {
  for (const [index, audience] of audiences.entries()) {
    const place = [...path, 'audiences', index];
    reportUnknown(audience, { section: 'services', known: world.services, path: place }, resolution);
  }
  const rolesOf = (key: string, names: readonly string[]): readonly Arn[] =>
    names.flatMap((name, index) => {
      const place = [...path, key, index];
      reportUnknown(name, { section: 'roles', known: world.roles, path: place }, resolution);
      return world.roles.has(name) ? [arnOf(name)] : [];
    });
  return {
    audiences,
    ...(allowedRoles !== undefined && { allowedRoles: rolesOf('allowedRoles', allowedRoles) }),
    roleClaims: rolesOf('roleClaims', roleClaims),
  };
}

// RFC 9068 5: an application's own tokens have its client id as `sub`, where a person's or a role's could stand.
function reportAmbiguousId(clientId: string, path: Path, resolution: Resolution): void {
  if (!clientId.startsWith('arn:') && !isPublicSubject(clientId)) return;
  reportError(resolution, 'ambiguous-client-id', path, {
    message: 'This client id could be taken for a role or a person in tokens.',
    remedy: 'Choose a word, such as dashboard.',
  });
}

function reportImpossibleGrants(
  { grants, redirectUris, authentication, requireDpop }: Application,
  path: Path,
  resolution: Resolution,
): void {
  if (grants.includes('authorization_code') && redirectUris.length === 0)
    reportError(resolution, 'impossible-grant', [...path, 'redirectUris'], {
      message: 'The grant authorization_code needs an address to come back to.',
      remedy: 'Add it to `redirectUris`, or name other `grants`.',
    });
  // RFC 6749 4.4: these tokens are for whoever can prove to be the client.
  if (grants.includes('client_credentials') && authentication.kind === 'public')
    reportError(resolution, 'impossible-grant', [...path, 'grants'], {
      message: 'The grant client_credentials is for applications that prove who they are.',
      remedy: 'Give it a clientSecret, jwks or a clientPolicy, or remove the grant.',
    });
  // What a thief of the key's tokens cannot use, an exchange would make usable.
  if (grants.includes('token_exchange') && requireDpop)
    reportError(resolution, 'impossible-grant', [...path, 'grants'], {
      message: 'Exchanged tokens are bound to no key, and requireDpop wants that of all.',
      remedy: 'Let another application exchange, or remove `requireDpop`.',
    });
}
