import {
  DEFAULT_MFA_VALUES,
  type OidcPreset,
  type OidcSignIn,
  type SignInSettings,
} from '../domain/identity/sign-in-settings.ts';
import type { Config } from './config.ts';
import type { Path } from './fault.ts';
import { isEntraForAnyTenant, presetOf } from './oidc-preset.ts';
import { readSecret, reportDuplicates, reportError } from './resolution.ts';
import type { Resolution } from './resolution.ts';
import type { ConfigFile } from './schema.ts';

type OidcEntry = ConfigFile['oidcProviders'][number];
type SamlEntry = ConfigFile['samlProviders'][number];
type SignInEntry = NonNullable<SamlEntry['signIn']>;

/** Our registration at an OpenID Connect provider, where people sign in with it. */
export function resolveOidcSignIn(
  { issuer, signIn }: OidcEntry,
  providerPath: Path,
  resolution: Resolution,
): OidcSignIn | undefined {
  if (signIn === undefined) return undefined;
  const path = [...providerPath, 'signIn'];
  const { clientId, clientSecret: reference, scopes, hostedDomains, preset = presetOf(issuer) } = signIn;
  if (isEntraForAnyTenant(issuer)) reportAnyTenant([...providerPath, 'issuer'], resolution);
  if (!scopes.includes('openid')) reportMissingScope([...path, 'scopes'], resolution);
  if (hostedDomains.length > 0 && preset !== 'google')
    reportHostedDomains([...path, 'hostedDomains'], preset, resolution);
  const clientSecret = reference && readSecret(reference, [...path, 'clientSecret'], resolution);
  return {
    ...resolveSettings(signIn, path, resolution),
    preset,
    clientId,
    ...(clientSecret !== undefined && { clientSecret }),
    scopes,
    hostedDomains,
  };
}

/** What people see of a SAML provider, where they sign in with it. */
export function resolveSamlSignIn(
  { signIn }: SamlEntry,
  path: Path,
  resolution: Resolution,
): SignInSettings | undefined {
  return signIn && resolveSettings(signIn, [...path, 'signIn'], resolution);
}

function resolveSettings(
  { displayName, domains, mfa, mfaValues }: SignInEntry,
  path: Path,
  resolution: Resolution,
): SignInSettings {
  if (mfa === 'never' && mfaValues !== undefined)
    reportError(resolution, 'invalid-value', [...path, 'mfaValues'], {
      message: "These values count for nothing: the provider's own MFA is not trusted.",
      remedy: 'Set `mfa` to trust-amr or trust-acr, or remove the values.',
    });
  return { displayName, domains, mfa, mfaValues: mfaValues ?? DEFAULT_MFA_VALUES[mfa] };
}

function reportAnyTenant(path: Path, resolution: Resolution): void {
  reportError(resolution, 'any-tenant-issuer', path, {
    message: 'This address of Entra ID is open to anybody, so that no sign-in from there is accepted.',
    remedy: "Put your tenant's id in its place: https://login.microsoftonline.com/<tenant id>/v2.0.",
  });
}

function reportMissingScope(path: Path, resolution: Resolution): void {
  reportError(resolution, 'invalid-value', path, {
    message: 'Without the scope openid there is no ID token, and nobody can sign in.',
    remedy: 'Add openid.',
  });
}

function reportHostedDomains(path: Path, preset: OidcPreset, resolution: Resolution): void {
  reportError(resolution, 'invalid-value', path, {
    message: `Only Google says of which hosted domain somebody is; the preset here is ${preset}.`,
    remedy: 'Remove it and demand a claim in the trust policies, or set `preset: google` where it is Google.',
  });
}

type SignInOwner = {
  readonly section: 'oidcProviders' | 'samlProviders';
  readonly index: number;
  readonly account: string;
  readonly name: string;
  readonly domains: readonly string[];
};

/** Reports names and e-mail domains that lead to more than one provider, whatever their kinds and accounts. */
export function reportSignInClashes(file: ConfigFile, resolution: Resolution): void {
  const owners = [...ownersOf(file, 'oidcProviders'), ...ownersOf(file, 'samlProviders')];
  reportNames(owners, resolution);
  const domains = owners.flatMap(({ section, index, domains: names }) =>
    names.map((key, at) => ({ key, path: [section, index, 'signIn', 'domains', at] })),
  );
  reportDuplicates(
    domains,
    'e-mail domain',
    resolution,
    'Leave it with the one that its people sign in with.',
  );
}

function ownersOf(file: ConfigFile, section: SignInOwner['section']): readonly SignInOwner[] {
  return file[section].flatMap(({ account, name, signIn }, index) =>
    signIn === undefined ? [] : [{ section, index, account, name, domains: signIn.domains }],
  );
}

function reportNames(owners: readonly SignInOwner[], resolution: Resolution): void {
  for (const [at, owner] of owners.entries()) {
    const { section, index, account, name } = owner;
    const rivals = owners.slice(0, at).filter((other) => other.name.toLowerCase() === name.toLowerCase());
    // Two of one section were told of already, where their names must differ anyhow.
    const isNew = rivals.length > 0 && !rivals.some((other) => clashesInSection(other, { section, account }));
    if (!isNew) continue;
    reportError(resolution, 'duplicate-entry', [section, index, 'name'], {
      message: 'Another provider that people sign in with has the same name.',
      remedy: 'Rename one of them: /signin/<name> must lead to one.',
    });
  }
}

function clashesInSection(
  other: SignInOwner,
  { section, account }: Pick<SignInOwner, 'section' | 'account'>,
) {
  return other.section === section && (section === 'samlProviders' || other.account === account);
}

/** How long a sign-in lasts. */
export function resolveBrowserSession(
  { browserSession: { idle, absolute } }: ConfigFile,
  resolution: Resolution,
): Config['browserSession'] {
  if (absolute < idle)
    reportError(resolution, 'invalid-value', ['browserSession', 'absolute'], {
      message: 'A sign-in would end before the idle time could pass.',
      remedy: 'Set `absolute` to `idle` at least, or `idle` lower.',
    });
  return { idleMs: idle * 1000, absoluteMs: absolute * 1000 };
}
