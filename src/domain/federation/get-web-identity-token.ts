import type { AuditDraft } from '../audit/audit-draft.ts';
import { createUuid } from '../credentials/uuid.ts';
import { FederationError } from '../errors.ts';
import type { SigningAlgorithm, TokenClaims, TokenSigner } from '../token/token-signer.ts';
import { recordAllowed } from './audited.ts';
import { principalOf, sessionOf, type Caller } from './caller.ts';
import type { FederationDeps } from './deps.ts';
import { permit } from './permit.ts';
import { checkTags } from './session-request.ts';
import { webIdentityClaims } from './web-identity-claims.ts';

export type GetWebIdentityTokenRequest = {
  /** 1–10. */
  readonly audience: readonly string[];
  readonly signingAlgorithm: SigningAlgorithm;
  /** 60–3600; default 300. */
  readonly durationSeconds?: number;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
};

export type GetWebIdentityTokenDeps = FederationDeps & {
  readonly signer: Pick<TokenSigner, 'sign'>;
  /** `iss` of what we sign: the public URL. */
  readonly issuer: string;
  /** SHA-256 of a proof, hex. */
  readonly hashProof: (proof: string) => string;
};

export type WebIdentityToken = { readonly token: string; readonly expiresAtMs: number };

const DEFAULT_DURATION_SECONDS = 300;
/** AWS does not say where its limit is. With header and signature this stays below what verifiers take, ours included (20,000 characters). */
const MAX_PAYLOAD_BYTES = 10_000;

/**
 * GetWebIdentityToken: a token by which other services know the caller, for the audiences that its policies allow.
 *
 * @throws FederationError `invalid-parameter-value`, `caller-denied`, `outbound-federation-disabled`,
 * `session-duration-escalation`, `token-payload-too-large`, `store-unavailable`
 */
export async function getWebIdentityToken(
  request: GetWebIdentityTokenRequest,
  caller: Caller,
  draft: AuditDraft,
  deps: GetWebIdentityTokenDeps,
): Promise<WebIdentityToken> {
  const { audience, signingAlgorithm, durationSeconds = DEFAULT_DURATION_SECONDS } = request;
  const { account } = principalOf(caller);
  checkTags({ tags: request.tags, transitiveTagKeys: [] });
  const tags = Object.fromEntries(request.tags.map(({ key, value }) => [key, value]));
  permitToken({ ...request, durationSeconds, tags }, caller, draft, deps);
  if (!deps.directory.mayFederateOutbound(account))
    throw new FederationError('outbound-federation-disabled', `not enabled for ${account}`);
  refuseOwnAudiences(audience, deps);
  const claims = webIdentityClaims({
    caller,
    facts: draft.facts,
    issuer: deps.issuer,
    audience,
    tags,
    durationSeconds,
    tokenId: createUuid(deps.random),
    organizationId: deps.directory.guardrails(account).organizationId,
  });
  refuseBeyondSession(claims, caller);
  refuseLargePayload(claims);
  const token = await deps.signer.sign(claims, { algorithm: signingAlgorithm, type: 'JWT' });
  const expiresAtMs = claims.exp * 1000;
  // The token itself is a proof, so the trail has its hash only. Nothing is handed out that is not in the trail.
  const responseElements = {
    webIdentityTokenHash: deps.hashProof(token),
    tokenId: claims.jti,
    subject: claims.sub,
    expiration: new Date(expiresAtMs).toISOString(),
  };
  await recordAllowed(draft, responseElements, deps);
  return { token, expiresAtMs };
}

type Wanted = Pick<GetWebIdentityTokenRequest, 'audience' | 'signingAlgorithm'> & {
  readonly durationSeconds: number;
  readonly tags: Readonly<Record<string, string>>;
};

function permitToken(
  { audience, signingAlgorithm, durationSeconds, tags }: Wanted,
  caller: Caller,
  draft: AuditDraft,
  deps: FederationDeps,
): void {
  const isTagged = Object.keys(tags).length > 0;
  const actions = ['sts:GetWebIdentityToken', ...(isTagged ? ['sts:TagGetWebIdentityToken'] : [])] as const;
  const resource = `arn:aws:sts::${principalOf(caller).account}:self`;
  const keys = { tags, identityTokenAudience: audience, signingAlgorithm, durationSeconds };
  permit({ caller, actions, resource, keys }, draft, deps);
}

// They know our issuer by its ID and access tokens, and may not look which kind of token this is. Their policies decide who
// comes to them, by token exchange.
function refuseOwnAudiences(audience: readonly string[], { directory }: FederationDeps): void {
  const own = audience.find((one) => directory.application(one) ?? directory.service(one));
  if (own === undefined) return;
  const text = `The audience ${own} is an application or service of this issuer: exchange the credentials for a token of it.`;
  throw new FederationError('invalid-parameter-value', text, { params: { text } });
}

// Else a session could outlive itself, and its revocation, by what others give for the token.
function refuseBeyondSession({ exp }: TokenClaims, caller: Caller): void {
  const session = sessionOf(caller);
  if (session === undefined || exp * 1000 <= session.expiresAtMs) return;
  throw new FederationError('session-duration-escalation', 'token beyond the end of the session');
}

function refuseLargePayload(claims: TokenClaims): void {
  const size = Buffer.byteLength(JSON.stringify(claims));
  if (size <= MAX_PAYLOAD_BYTES) return;
  const params = { size, limit: MAX_PAYLOAD_BYTES };
  throw new FederationError('token-payload-too-large', `payload of ${size} bytes`, { params });
}
