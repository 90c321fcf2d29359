import type { Service } from '../domain/application/service.ts';
import { reportOwnedClaims } from './owned-claims.ts';
import type { Path } from './fault.ts';
import { arnOf, namesOf, reportDuplicates, reportError, reportUnknown } from './resolution.ts';
import type { Resolution } from './resolution.ts';
import type { TrustedProviders } from './resolve-policies.ts';
import { compileTrust } from './resolve-policies.ts';
import type { ConfigFile } from './schema.ts';

type Entry = ConfigFile['services'][number];
type Place = { readonly file: ConfigFile; readonly path: Path };

/** The resource servers; an exchange policy that is unsafe is reported at the statement in question. */
export function resolveServices(
  file: ConfigFile,
  providers: TrustedProviders,
  resolution: Resolution,
): readonly Service[] {
  const { services } = file;
  reportDuplicates(namesOf('services', services), 'name', resolution);
  const audiences = services.map(({ audience }, index) => ({
    key: audience,
    path: ['services', index, 'audience'],
  }));
  reportDuplicates(audiences, 'audience', resolution);
  return services
    .map((entry, index) => {
      const path = ['services', index];
      checkEntry(entry, { file, path }, resolution);
      return resolveService(entry, { providers, path }, resolution);
    })
    .filter((one) => one !== undefined);
}

function resolveService(
  { name, account, audience, scopes, tokenLifetime, algorithm, claims, clientId, exchangePolicy }: Entry,
  { providers, path }: { readonly providers: TrustedProviders; readonly path: Path },
  resolution: Resolution,
): Service | undefined {
  const arn = arnOf(`arn:aws:rolebridge::${account}:service/${name}`);
  const policy = compileTrust(
    exchangePolicy,
    { kind: 'exchange', arn, path: [...path, 'exchangePolicy'], providers },
    resolution,
  );
  if (exchangePolicy !== undefined && policy === undefined) return undefined;
  return {
    name,
    arn,
    account,
    audience,
    scopes: [...new Set(scopes)],
    tokenLifetimeSeconds: tokenLifetime,
    algorithm,
    claims,
    ...(clientId !== undefined && { clientId }),
    ...(policy !== undefined && { exchangePolicy: policy }),
  };
}

function checkEntry(
  { audience, scopes, claims, clientId }: Entry,
  { file, path }: Place,
  resolution: Resolution,
): void {
  reportAudience(audience, { file, path: [...path, 'audience'] }, resolution);
  scopes.forEach((scope, index) => {
    reportOwnScope(scope, [...path, 'scopes', index], resolution);
  });
  reportOwnedClaims(claims, [...path, 'claims'], resolution);
  if (clientId === undefined) return;
  const known = new Set(file.applications.map(({ clientId: id }) => id));
  reportUnknown(clientId, { section: 'applications', known, path: [...path, 'clientId'] }, resolution);
}

// RFC 9068 5: a token for one of them must not pass for a token for the other.
function reportAudience(audience: string, { file, path }: Place, resolution: Resolution): void {
  const rival = rivalOf(audience, file);
  if (rival === undefined) return;
  reportError(resolution, 'ambiguous-audience', path, {
    message: `This names ${rival}, so that what is meant for one could be used at the other.`,
    remedy: 'Give the service an audience of its own, such as the URL of its API.',
  });
}

function rivalOf(audience: string, { publicUrl, applications }: ConfigFile): string | undefined {
  const isIssuer = audience === publicUrl || audience === `${publicUrl}/`;
  // Endpoints are audiences of client assertions (RFC 7523 3).
  if (isIssuer || audience.startsWith(`${publicUrl}/oidc/`)) return 'the bridge itself';
  if (/^arn:[^:]*:iam::[^:]*:role\//i.test(audience)) return 'a role';
  return applications.some(({ clientId }) => clientId === audience) ? 'an application' : undefined;
}

const OWN_SCOPES: readonly string[] = ['openid', 'offline_access'];

function reportOwnScope(scope: string, path: Path, resolution: Resolution): void {
  if (!OWN_SCOPES.includes(scope)) return;
  reportError(resolution, 'invalid-value', path, {
    message: `The scope ${scope} is the bridge's own.`,
    remedy: 'Give it another name.',
  });
}
