import { AWS_NAMESPACE } from '../token/own-token.ts';
import type { TokenClaims } from '../token/token-signer.ts';
import { principalOf, sessionOf, type Caller } from './caller.ts';
import type { RequestFacts } from './request-facts.ts';

type Input = {
  readonly caller: Caller;
  readonly facts: RequestFacts;
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly durationSeconds: number;
  readonly tokenId: string;
  /** `o-…`; absent: the account is in none. */
  readonly organizationId: string | undefined;
};

/** The claims of a token that says who the caller is (wire-spec 1.5). Sessions of a role are the role: one `sub` for all of them. */
export function webIdentityClaims(input: Input): TokenClaims {
  const { caller, facts, issuer, audience, durationSeconds, tokenId } = input;
  const issuedAt = Math.floor(facts.timeMs / 1000);
  const [only = '', ...others] = audience;
  return {
    iss: issuer,
    aud: others.length === 0 ? only : audience,
    sub: subjectOf(caller),
    iat: issuedAt,
    exp: issuedAt + durationSeconds,
    jti: tokenId,
    [AWS_NAMESPACE]: awsClaims(input),
  };
}

function subjectOf(caller: Caller): string {
  return caller.kind === 'assumed-role' ? caller.role.arn : principalOf(caller).arn;
}

function awsClaims({ caller, facts, tags, organizationId }: Input): Readonly<Record<string, unknown>> {
  const session = sessionOf(caller);
  // JSON leaves out what is undefined.
  return {
    aws_account: principalOf(caller).account,
    source_region: facts.region,
    org_id: organizationId,
    principal_id: subjectOf(caller),
    principal_tags: unlessEmpty(principalTags(caller)),
    request_tags: unlessEmpty(tags),
    original_session_exp: session && isoSeconds(session.expiresAtMs),
    source_identity: session?.sourceIdentity,
    federated_provider: session?.providerArn,
  };
}

// A session's tag takes the place of the role's or user's of the same name, whose case does not count (wire-spec 5).
function principalTags(caller: Caller): Readonly<Record<string, string>> {
  const own = caller.kind === 'assumed-role' ? caller.role.tags : caller.user.tags;
  const tags = new Map<string, readonly [string, string]>();
  for (const [key, value] of [...Object.entries(own), ...Object.entries(sessionOf(caller)?.tags ?? {})])
    tags.set(key.toLowerCase(), [key, value]);
  return Object.fromEntries(tags.values());
}

function unlessEmpty(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> | undefined {
  return Object.keys(tags).length === 0 ? undefined : tags;
}

function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
