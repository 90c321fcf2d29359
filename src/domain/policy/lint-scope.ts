import { namesAction } from './action-element.ts';
import type { Statement } from './statement.ts';
import { AUTHENTICATE_CLIENT, EXCHANGE_TOKEN } from './trust-grammar.ts';

/** A configured provider; `issuer` is the URL that tokens name, `audiences` those that it accepts. */
export type TrustedProvider = {
  readonly arn: string;
  readonly issuer?: string;
  readonly kind: 'oidc' | 'saml';
  readonly audiences?: readonly string[];
};

export type TrustWorld = { readonly resourceArn: string; readonly providers: readonly TrustedProvider[] };

/** Of the policies that open something to whoever brings a proof. */
export type TrustKind = 'trust' | 'exchange' | 'client';

/** What a kind of policy opens, and by which action each kind of caller asks for it. */
type Terms = {
  readonly opened: string;
  readonly oidc: string;
  readonly saml?: string;
  readonly signed?: string;
  /** They go along with a token as well as with a signed call. */
  readonly companions: readonly string[];
};

export const TRUST_TERMS: Readonly<Record<TrustKind, Terms>> = {
  trust: {
    opened: 'the role',
    oidc: 'sts:assumerolewithwebidentity',
    saml: 'sts:assumerolewithsaml',
    signed: 'sts:assumerole',
    companions: ['sts:tagsession', 'sts:setsourceidentity', 'sts:setcontext'],
  },
  // Sessions of roles are brought as tokens, too.
  exchange: {
    opened: 'this audience',
    oidc: EXCHANGE_TOKEN,
    saml: EXCHANGE_TOKEN,
    signed: EXCHANGE_TOKEN,
    companions: [],
  },
  client: { opened: 'this application', oidc: AUTHENTICATE_CLIENT, companions: [] },
};

/** A statement and what its principals and conditions mean in this configuration. */
export type LintScope = {
  readonly kind: TrustKind;
  /** What the policy opens, for a person. */
  readonly opened: string;
  readonly statement: Statement;
  readonly world: TrustWorld;
  /** The configured providers that it names. */
  readonly named: readonly TrustedProvider[];
  readonly opensToTokens: boolean;
};

/** A statement of a kind of policy, as its linter sees it. */
export function lintScopeOf(statement: Statement, kind: TrustKind, world: TrustWorld): LintScope {
  const { opened, oidc } = TRUST_TERMS[kind];
  const named = world.providers.filter(({ arn }) => statement.principals?.federated.has(arn));
  const opensToTokens = statement.effect === 'Allow' && namesAction(statement.actions, oidc);
  return { kind, opened, statement, world, named, opensToTokens };
}

/** `<issuer without scheme>:` in lower case, as condition keys begin. */
export function claimPrefix({ issuer, kind }: TrustedProvider): string | undefined {
  if (issuer === undefined || kind === 'saml') return undefined;
  const scheme = issuer.indexOf('://');
  return `${(scheme < 0 ? issuer : issuer.slice(scheme + 3)).toLowerCase()}:`;
}
