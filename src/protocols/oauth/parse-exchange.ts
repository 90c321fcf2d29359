import { TOKEN_TYPES, type TokenType } from '../../domain/application/token-type.ts';
import { FederationError } from '../../domain/errors.ts';
import type { ExchangeTarget } from '../../domain/federation/exchange-request.ts';
import { splitArn } from '../../domain/role/arn.ts';
import { malformed } from './refusal.ts';
import { singleValues, type SingleValues } from './single-values.ts';

/** `grant_type` of token exchange. @see RFC 8693 2.1 */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** A token as somebody declares it; nothing of it is verified. */
export type PresentedToken = { readonly type: TokenType; readonly token: string };

export type ExchangeForm = {
  readonly subject: PresentedToken;
  readonly actor?: PresentedToken;
  readonly target: ExchangeTarget;
};

/** Characters: of a JWT, of SAML in base64, of credentials. An access token may be a JWT. */
const MAX_CHARS = {
  'access-token': 20_000,
  'id-token': 20_000,
  jwt: 20_000,
  saml2: 100_000,
  aws4: 4096,
} as const satisfies Record<TokenType, number>;

const MAX_TARGET_CHARS = 2048;
const DURATION = { minSeconds: 900, maxSeconds: 43_200 };

/** Where a parameter may come several times, so that it is for us to say that one target is enough. */
const REPEATABLE = ['resource', 'audience'];

/** What can be asked for. `jwt` could be anything, `saml2` is not made here. */
const REQUESTABLE = ['access-token', 'id-token', 'aws4'] as const satisfies readonly TokenType[];
type Requestable = (typeof REQUESTABLE)[number];

/** The one place that a token is asked for, as it is named. */
type Place = { readonly by: 'resource' | 'audience'; readonly value: string };

/**
 * Reads a token exchange request.
 *
 * @param clientId who asks: for whom an ID token is where the request does not say
 * @throws FederationError `malformed-input`, `exchange-denied` for more than one target and for what is none,
 *   `scope-refused`
 * @see RFC 8693 2.1
 */
export function parseExchange(form: URLSearchParams, clientId: string): ExchangeForm {
  const values = singleValues(form, REPEATABLE);
  const subject = presented('subject', values);
  if (subject === undefined) throw malformed('subject_token is missing.');
  const actor = presented('actor', values);
  const place = placeOf(form);
  const wanted = {
    place,
    clientId,
    scopes: scopesOf(values),
    durationSeconds: durationOf(values),
  };
  const target = TARGETS[requestedType(place, values)](wanted);
  return { subject, ...(actor === undefined ? {} : { actor }), target };
}

/** A token and its type: both, or neither. */
function presented(who: 'subject' | 'actor', values: SingleValues): PresentedToken | undefined {
  const urn = values.optional(`${who}_token_type`);
  const token = `${who}_token`;
  if (urn === undefined) {
    if (values.optional(token, Infinity) !== undefined) throw malformed(`${token}_type is missing.`);
    return undefined;
  }
  const type = tokenTypeOf(urn);
  if (type === undefined) throw malformed(`${token}_type is none that is known here.`);
  return { type, token: values.required(token, MAX_CHARS[type]) };
}

function tokenTypeOf(urn: string): TokenType | undefined {
  return TYPES.find((type) => TOKEN_TYPES[type] === urn);
}

const TYPES = ['access-token', 'id-token', 'jwt', 'saml2', 'aws4'] as const satisfies readonly TokenType[];

/** A token for two places could be taken from the one and used at the other. */
function placeOf(form: URLSearchParams): Place | undefined {
  const places = (['resource', 'audience'] as const).flatMap((by) =>
    form
      .getAll(by)
      .filter((value) => value !== '')
      .map((value) => ({ by, value })),
  );
  const [place, ...others] = places;
  if (others.length > 0) throw noTarget('more than one target');
  if (place !== undefined && !isPossible(place)) throw noTarget('a target that is no URI, or too long');
  return place;
}

/** A resource is an absolute URI without a fragment. @see RFC 8707 2 */
function isPossible({ by, value }: Place): boolean {
  if (value.length > MAX_TARGET_CHARS) return false;
  return by === 'audience' || (/^[a-z][a-z\d+.-]*:/i.test(value) && !value.includes('#'));
}

function requestedType(place: Place | undefined, values: SingleValues): Requestable {
  const urn = values.optional('requested_token_type');
  if (urn === undefined) return place !== undefined && isRole(place) ? 'aws4' : 'access-token';
  const type = REQUESTABLE.find((known) => TOKEN_TYPES[known] === urn);
  if (type === undefined) throw malformed('requested_token_type is none that is made here.');
  return type;
}

function isRole({ by, value }: Place): boolean {
  const parts = splitArn(value);
  return by === 'resource' && parts?.service === 'iam' && parts.resource.startsWith('role/');
}

type Wanted = {
  readonly place: Place | undefined;
  readonly clientId: string;
  readonly scopes: readonly string[] | undefined;
  readonly durationSeconds: number | undefined;
};

const TARGETS = {
  'access-token': ({ place, scopes, durationSeconds }) => {
    if (durationSeconds !== undefined) throw malformed('duration_seconds is for credentials only.');
    if (place === undefined) throw malformed('resource or audience is missing.');
    return { kind: 'access-token', audience: place.value, scopes };
  },
  'id-token': ({ place, clientId, scopes, durationSeconds }) => {
    if (durationSeconds !== undefined) throw malformed('duration_seconds is for credentials only.');
    if (scopes !== undefined) throw malformed('scope is for access tokens only.');
    // An ID token is for a client, and no client is a resource.
    if (place?.by === 'resource') throw noTarget('an ID token for a resource');
    return { kind: 'id-token', audience: place?.value ?? clientId };
  },
  aws4: ({ place, scopes, durationSeconds }) => {
    if (scopes !== undefined) throw malformed('scope is for access tokens only.');
    if (place === undefined) throw malformed('resource is missing.');
    if (!isRole(place)) throw noTarget('credentials of what is no role');
    return {
      kind: 'credentials',
      roleArn: place.value,
      ...(durationSeconds === undefined ? {} : { durationSeconds }),
    };
  },
} as const satisfies Record<Requestable, (wanted: Wanted) => ExchangeTarget>;

/** @see RFC 6749 3.3 */
function scopesOf(values: SingleValues): readonly string[] | undefined {
  const scope = values.optional('scope');
  if (scope === undefined) return undefined;
  const scopes = scope.split(' ');
  if (scopes.every((token) => /^[!#-[\]-~]+$/.test(token))) return [...new Set(scopes)];
  throw new FederationError('scope-refused', 'scope is not a list of scopes');
}

function durationOf(values: SingleValues): number | undefined {
  const text = values.optional('duration_seconds');
  if (text === undefined) return undefined;
  const seconds = /^\d{3,5}$/.test(text) ? Number(text) : NaN;
  if (seconds >= DURATION.minSeconds && seconds <= DURATION.maxSeconds) return seconds;
  throw malformed('duration_seconds is not a number from 900 to 43200.');
}

function noTarget(reason: string): FederationError {
  return new FederationError('exchange-denied', reason);
}
