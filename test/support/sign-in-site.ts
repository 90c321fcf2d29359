import { OIDC_PRESETS, type OidcPreset } from '../../src/domain/identity/sign-in-settings.ts';
import { startBridgeProcess, type BridgeProcess } from './bridge.ts';
import { startOidcIdp, type OidcIdp } from './oidc-idp.ts';
import type { OidcIdpPerson } from './oidc-idp-presets.ts';
import { startSamlIdpSite } from './saml-idp-site.ts';

const ACCOUNT = '123456789012';

/** Alice and Bob, and so on: enough for a test to have somebody who has no factors yet. */
const PEOPLE: readonly OidcIdpPerson[] = ['Alice', 'Bob', 'Carol', 'Dave', 'Erin', 'Frank', 'Grace'].map(
  (name, index) => {
    const id = name.toLowerCase();
    const email = `${id}@acme.example`;
    return { sub: `${id}-${index + 1}`, name: `${name} Example`, email, groups: ['developers'] };
  },
);

/** Needs a second factor. */
export const ADMIN = `arn:aws:iam::${ACCOUNT}:role/production-admin`;
/** Opens without one. */
export const READER = `arn:aws:iam::${ACCOUNT}:role/read-only`;
/** Opens from a session of the two others, if that began with a second factor. */
export const VAULT = `arn:aws:iam::${ACCOUNT}:role/vault`;

export type SignInSite = {
  /** At `localhost`. */
  readonly bridge: BridgeProcess;
  readonly oidc: ReadonlyMap<OidcPreset, OidcIdp>;
  readonly stop: () => Promise<void>;
};

export type SignInSiteOptions = {
  readonly presets?: readonly OidcPreset[];
  readonly people?: readonly OidcIdpPerson[];
};

/**
 * A bridge as a process of its own with a provider of each preset, named so, and the SAML provider `corp`. The e-mail domain
 * of each is `<name>.example`; everybody may have all roles.
 */
export async function startSignInSite({
  presets = OIDC_PRESETS,
  people = PEOPLE,
}: SignInSiteOptions = {}): Promise<SignInSite> {
  const corp = await startSamlIdpSite(people);
  const started = await Promise.all(
    presets.map(async (preset) => [preset, await startOidcIdp({ preset, people })] as const),
  );
  const oidc = new Map(started);
  const bridge = await startBridgeProcess({
    config: JSON.stringify(configuration(oidc)),
    publicHost: 'localhost',
    env: { SIGN_IN_SECRET: 'secret-of-client-1' },
    files: { 'corp.xml': corp.metadata },
  });
  return {
    bridge,
    oidc,
    stop: async () => {
      await bridge.stop();
      await Promise.all([corp, ...oidc.values()].map((one) => one.stop()));
    },
  };
}

/** How people know a provider. */
export function displayNameOf(name: string): string {
  return `Acme ${name}`;
}

function configuration(oidc: ReadonlyMap<OidcPreset, OidcIdp>): object {
  return {
    masterKey: { file: 'master.key' },
    store: { sqlite: { path: 'state.db' } },
    outbound: { privateAddresses: 'allow', http: 'allow' },
    accounts: [{ id: ACCOUNT, alias: 'acme' }],
    oidcProviders: [...oidc].map(([preset, idp]) => oidcProvider(preset, idp)),
    samlProviders: [samlProvider('corp', { file: 'corp.xml' })],
    roles: roles([...oidc.values()], 'corp'),
  };
}

function oidcProvider(preset: OidcPreset, { issuer, clientId }: OidcIdp): object {
  return {
    name: preset,
    account: ACCOUNT,
    issuer,
    audiences: [clientId],
    signIn: {
      displayName: displayNameOf(preset),
      preset,
      clientId,
      clientSecret: { env: 'SIGN_IN_SECRET' },
      domains: [`${preset}.example`],
      ...(preset === 'google' ? { hostedDomains: ['acme.example'] } : {}),
    },
  };
}

/** A SAML provider that people sign in with. */
export function samlProvider(name: string, metadata: object): object {
  return {
    name,
    account: ACCOUNT,
    metadata,
    roleAttribute: 'optional',
    signIn: { displayName: displayNameOf(name), domains: [`${name}.example`] },
  };
}

/** The three roles, for everybody who comes from these providers. */
export function roles(idps: readonly OidcIdp[], saml: string): readonly object[] {
  const mfa = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } };
  const chain = { 'may-chain': policy([{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: VAULT }]) };
  const fromTools = { Effect: 'Allow', Principal: { AWS: [ADMIN, READER] }, Action: 'sts:AssumeRole' };
  return [
    {
      ...role('production-admin', [...idps.map((idp) => forOidc(idp, mfa)), forSaml(saml, mfa)]),
      description: 'Repair production',
      inlinePolicies: chain,
    },
    { ...role('read-only', [...idps.map((idp) => forOidc(idp)), forSaml(saml)]), inlinePolicies: chain },
    role('vault', [{ ...fromTools, Condition: mfa }]),
  ];
}

function role(name: string, statements: readonly object[]): object {
  return { name, account: ACCOUNT, trustPolicy: policy(statements) };
}

function policy(Statement: readonly object[]): object {
  return { Version: '2012-10-17', Statement };
}

function forOidc({ issuer, clientId }: OidcIdp, condition: object = {}): object {
  const key = issuer.replace('http://', '');
  return {
    Effect: 'Allow',
    Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/${key}` },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { [`${key}:aud`]: clientId }, ...condition },
  };
}

function forSaml(name: string, condition: object = {}): object {
  return {
    Effect: 'Allow',
    Principal: { Federated: `arn:aws:iam::${ACCOUNT}:saml-provider/${name}` },
    Action: 'sts:AssumeRoleWithSAML',
    // Whatever the port.
    Condition: { StringLike: { 'saml:aud': `http://*/saml/${name}/acs` }, ...condition },
  };
}
