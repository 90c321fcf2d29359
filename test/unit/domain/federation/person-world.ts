import { randomBytes } from 'node:crypto';
import { createDirectory } from '../../../../src/config/directory.ts';
import type { Application } from '../../../../src/domain/application/application.ts';
import type { Service } from '../../../../src/domain/application/service.ts';
import type { FederationDeps } from '../../../../src/domain/federation/deps.ts';
import type { RequestFacts } from '../../../../src/domain/federation/request-facts.ts';
import type { PersonDeps, SignedInPerson } from '../../../../src/domain/federation/signed-in-person.ts';
import type { Identity } from '../../../../src/domain/identity/identity.ts';
import type { SamlIdentity } from '../../../../src/domain/identity/saml-identity.ts';
import type { SignInProvider } from '../../../../src/domain/identity/sign-in-provider.ts';
import { parsePolicy, parsePolicyText } from '../../../../src/domain/policy/document.ts';
import type { ContextValue } from '../../../../src/domain/policy/request.ts';
import { isAccountId, isArn, type AccountId, type Arn } from '../../../../src/domain/role/arn.ts';
import type { Role } from '../../../../src/domain/role/role.ts';
import { uniqueId } from '../../../../src/domain/role/unique-id.ts';
import { packedPolicySize } from '../../../../src/protocols/sts/packed-policy-size.ts';
import { createSqliteStore } from '../../../../src/stores/sqlite/sqlite-store.ts';
import type { Store } from '../../../../src/stores/store.ts';

export const ACCOUNT = accountId('111122223333');
export const OTHER_ACCOUNT = accountId('444455556666');
export const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
export const OIDC_ARN = arn(`arn:aws:iam::${ACCOUNT}:oidc-provider/idp.example.com`);
export const SAML_ARN = arn(`arn:aws:iam::${ACCOUNT}:saml-provider/corp`);
const AWS_ATTRIBUTE = 'https://aws.amazon.com/SAML/Attributes/';

const settings = { displayName: 'Example', domains: [], mfa: 'never', mfaValues: [] } as const;

export const oidcProvider: Extract<SignInProvider, { kind: 'oidc' }> = {
  kind: 'oidc',
  provider: {
    name: 'example',
    arn: OIDC_ARN,
    account: ACCOUNT,
    issuer: 'https://idp.example.com',
    audiences: ['client-1'],
    algorithms: ['RS256'],
    clockSkewSeconds: 30,
    jwks: { kind: 'pinned', keys: [] },
    tags: {},
    signIn: { ...settings, preset: 'generic', clientId: 'client-1', scopes: ['openid'], hostedDomains: [] },
  },
};

export const samlProvider: Extract<SignInProvider, { kind: 'saml' }> = {
  kind: 'saml',
  provider: {
    name: 'corp',
    arn: SAML_ARN,
    account: ACCOUNT,
    metadata: { kind: 'document', xml: '' },
    roleAttribute: 'required',
    idpInitiated: 'deny',
    audiences: [],
    signatureAlgorithms: ['rsa-sha256'],
    signed: 'either',
    encryptionAlgorithms: [],
    clockSkewSeconds: 0,
    tags: {},
    signIn: settings,
  },
};

export const facts: RequestFacts = {
  requestId: '11111111-2222-4333-8444-555555555555',
  timeMs: NOW_MS,
  sourceIp: '192.0.2.7',
  userAgent: 'Mozilla/5.0',
  region: 'us-east-1',
  secureTransport: true,
};

export type Statement = {
  readonly Effect?: 'Allow' | 'Deny';
  readonly Principal?: unknown;
  readonly Action?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, unknown>>;
};

type RoleParts = { readonly account?: AccountId; readonly path?: string } & Partial<
  Pick<Role, 'maxSessionDurationSeconds' | 'singleUseToken' | 'description' | 'tags'>
>;

/** A role whose statements admit the OIDC provider unless they say otherwise. */
export function makeRole(
  name: string,
  statements: readonly Statement[],
  { account = ACCOUNT, path = '/', ...parts }: RoleParts = {},
): Role {
  const roleArn = arn(`arn:aws:iam::${account}:role${path}${name}`);
  const Statement = statements.map((one) => ({
    Effect: 'Allow',
    Principal: { Federated: OIDC_ARN },
    Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession', 'sts:SetSourceIdentity'],
    ...one,
  }));
  return {
    arn: roleArn,
    id: uniqueId('AROA', roleArn),
    account,
    name,
    path,
    maxSessionDurationSeconds: 3600,
    trustPolicy: parsePolicy({ Version: '2012-10-17', Statement }, { kind: 'trust', name }),
    identityPolicies: [],
    tags: {},
    singleUseToken: false,
    ...parts,
  };
}

/** Alice of the OIDC provider. */
export function makeIdentity(
  claims: Readonly<Record<string, ContextValue>> = {},
  given: Partial<Identity> = {},
): Identity {
  const keys = Object.entries({ sub: 'alice', aud: 'client-1', ...claims });
  return {
    kind: 'web-identity',
    providerArn: OIDC_ARN,
    issuer: 'https://idp.example.com',
    subject: 'alice',
    audience: 'client-1',
    conditionKeys: new Map(keys.map(([name, value]) => [`idp.example.com:${name}`, value])),
    tags: {},
    transitiveTagKeys: [],
    proofHash: 'ab'.repeat(32),
    proofId: 'proof-1',
    expiresAtMs: NOW_MS + 600_000,
    ...given,
  };
}

/** Alice of the SAML provider, with AWS's attributes of these names. */
export function makeSamlIdentity(
  attributes: Readonly<Record<string, readonly string[]>>,
  saml: Partial<SamlIdentity['saml']> = {},
): SamlIdentity {
  return {
    ...makeIdentity(),
    kind: 'saml',
    providerArn: SAML_ARN,
    issuer: 'https://corp.example.com/idp',
    conditionKeys: new Map([
      ['saml:aud', 'https://bridge.example.com/saml/corp/acs'],
      ['saml:sub', 'alice'],
    ]),
    saml: {
      assertionId: '_1',
      recipient: 'https://bridge.example.com/saml/corp/acs',
      subjectType: 'persistent',
      nameQualifier: '',
      nameId: { value: 'alice' },
      issueInstantMs: NOW_MS,
      authnInstantMs: NOW_MS,
      attributes: new Map(Object.entries(attributes).map(([name, values]) => [AWS_ATTRIBUTE + name, values])),
      ...saml,
    },
  };
}

export function makePerson(
  identity: Identity | SamlIdentity,
  {
    provider = identity.kind === 'saml' ? samlProvider : oidcProvider,
    mfaAgeSeconds,
  }: { readonly provider?: SignInProvider; readonly mfaAgeSeconds?: number } = {},
): SignedInPerson {
  const mfa =
    mfaAgeSeconds === undefined ? {} : { mfaAuthenticatedAtMs: NOW_MS - Math.round(mfaAgeSeconds * 1000) };
  return { identity, provider, signIn: { signInId: 'sign-in-00000001', ...mfa } };
}

export type PersonWorld = {
  readonly store: Store;
  readonly deps: FederationDeps & PersonDeps;
  /** The audit events so far. */
  readonly events: readonly string[];
};

/** These roles, with stores in memory. */
export function createPersonWorld(
  roles: readonly Role[],
  {
    mfaRequired = 'by-policy',
    now = () => NOW_MS,
    applications = [],
    services = [],
  }: Partial<Pick<PersonDeps, 'mfaRequired'>> & {
    readonly now?: () => number;
    readonly applications?: readonly Application[];
    readonly services?: readonly Service[];
  } = {},
): PersonWorld {
  const store = createSqliteStore({ path: ':memory:', now });
  const events: string[] = [];
  const plainAccount = { guardrails: { isManagementAccount: false }, outboundWebIdentityFederation: true };
  const directory = createDirectory({
    accounts: [
      { id: ACCOUNT, alias: 'acme-prod', ...plainAccount },
      { id: OTHER_ACCOUNT, ...plainAccount },
    ],
    roles,
    users: [],
    oidcProviders: [oidcProvider.provider],
    samlProviders: [samlProvider.provider],
    applications,
    services,
    managedPolicies: new Map(),
  });
  const deps = {
    directory,
    sessions: store.sessions,
    audit: store.audit,
    emit: (event: string) => void events.push(event),
    random: (length: number) => new Uint8Array(randomBytes(length)),
    seal: (text: string, context: string) => Buffer.from(JSON.stringify([context, text])),
    encodeMessage: (json: string) => Buffer.from(json).toString('base64'),
    parseInline: (text: string) => parsePolicyText(text, { kind: 'session', name: 'session policy' }),
    packedPolicySize,
    mfaRequired,
  };
  return { store, deps, events };
}

export function arn(text: string): Arn {
  if (!isArn(text)) throw new Error(`not an ARN: ${text}`);
  return text;
}

function accountId(text: string): AccountId {
  if (!isAccountId(text)) throw new Error(`not an account: ${text}`);
  return text;
}
