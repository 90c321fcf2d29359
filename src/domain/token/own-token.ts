import { z } from 'zod';

/** Who acts for the subject, the last one first. @see RFC 8693 4.1 */
export type Actor = {
  readonly iss: string;
  readonly sub: string;
  readonly act?: Actor;
};

/** Of nested actors, and of exchanges one after the other. */
export const MAX_CHAIN = 4;

/** A token that we issued, once its signature, or its record, was checked. It may have expired, or its sign-in ended: see who asks. */
export type OwnToken = {
  readonly kind: 'access-token' | 'id-token';
  /** A person's {@link publicSubjectOf}, a role's ARN, a client id, or the hash of a workload's identity. */
  readonly subject: string;
  /** `sid`: the sign-in behind it; absent where there is none. */
  readonly signInId?: string;
  /** Who asked for it. */
  readonly clientId: string;
  /** Empty for an access token of userinfo alone. */
  readonly audience: readonly string[];
  readonly scopes: readonly string[];
  /** Epoch milliseconds. */
  readonly expiresAtMs: number;
  /** `jti`; empty for the ID token of a sign-in, which needs none. */
  readonly tokenId: string;
  readonly act?: Actor;
  /** What the tokens that it was exchanged from were for, the first one first: an exchange never comes back to one of them. */
  readonly via: readonly string[];
  /** Bound to a key of the client's (`cnf`, RFC 9449 6): who has the token alone has nothing. */
  readonly isKeyBound?: boolean;
};

/** `typ` of access tokens; nothing else that we sign has it. @see RFC 9068 2.1 */
export const ACCESS_TOKEN_TYPE = 'at+jwt';
/** `typ` of ID tokens that we exchange. Those of sign-ins have none, as OpenID Connect writes them. */
export const ID_TOKEN_TYPE = 'JWT';
/** The one claim that holds all of AWS's own, under AWS's names: what reads AWS's tokens reads ours. */
export const AWS_NAMESPACE = 'https://sts.amazonaws.com/';

const actor: z.ZodType<Actor> = z.strictObject({
  iss: z.string(),
  sub: z.string(),
  get act() {
    return actor.exactOptional();
  },
});

const common = {
  sub: z.string().min(1),
  exp: z.number(),
  sid: z.string().exactOptional(),
  act: actor.exactOptional(),
  via: z.array(z.string()).default([]),
  cnf: z.unknown().optional(),
};

const accessToken = z.object({
  ...common,
  aud: z.string(),
  jti: z.string().min(1),
  client_id: z.string(),
  scope: z.string().default(''),
});

// By its header alone an ID token could be a token of GetWebIdentityToken, whose audience a role chose, or a logout token.
const idToken = z.object({
  ...common,
  aud: z.string(),
  jti: z.string().default(''),
  azp: z.string().exactOptional(),
  [AWS_NAMESPACE]: z.undefined().optional(),
  events: z.undefined().optional(),
});

/**
 * What a JWT of ours is, once its signature and `iss` were checked: the one place that tells our kinds of tokens apart.
 *
 * @param type `typ` of its header
 * @returns `undefined` for everything that is neither an access nor an ID token, such as tokens of GetWebIdentityToken
 */
export function parseOwnToken(type: unknown, claims: unknown): OwnToken | undefined {
  if (type === ACCESS_TOKEN_TYPE) {
    const { data } = accessToken.safeParse(claims);
    if (data === undefined) return undefined;
    const scopes = data.scope.split(' ').filter((scope) => scope !== '');
    return { ...ownTokenOf(data), kind: 'access-token', clientId: data.client_id, scopes };
  }
  if (type !== undefined && type !== ID_TOKEN_TYPE) return undefined;
  const { data } = idToken.safeParse(claims);
  return data && { ...ownTokenOf(data), kind: 'id-token', clientId: data.azp ?? data.aud, scopes: [] };
}

type Parsed = Pick<
  z.infer<typeof accessToken>,
  'sub' | 'exp' | 'sid' | 'act' | 'via' | 'cnf' | 'aud' | 'jti'
>;

function ownTokenOf({
  sub,
  exp,
  sid,
  act,
  via,
  cnf,
  aud,
  jti,
}: Parsed): Omit<OwnToken, 'kind' | 'clientId' | 'scopes'> {
  return {
    subject: sub,
    ...(sid === undefined ? {} : { signInId: sid }),
    audience: [aud],
    expiresAtMs: exp * 1000,
    tokenId: jti,
    ...(act === undefined ? {} : { act }),
    via,
    ...(cnf === undefined ? {} : { isKeyBound: true }),
  };
}
