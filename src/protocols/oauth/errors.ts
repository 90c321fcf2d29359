import type { FailureCode, FederationError } from '../../domain/errors.ts';
import { ACR } from '../../domain/session/authentication.ts';

/** An answer as OAuth has it: a JSON body, and the headers that belong to this failure alone. */
export type OauthError = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
};

type Wording = {
  readonly code: string;
  readonly status: number;
  /** `{text}`: chosen where the failure was found, of the caller's own input and the protocol's facts. */
  readonly description: string;
};

const RETRY_AFTER_SECONDS = 5;

const request = (description: string): Wording => ({ code: 'invalid_request', status: 400, description });
/** What a policy refused, and what there is not, in the very same words. */
const TARGET = {
  code: 'invalid_target',
  status: 400,
  description: 'The target is unknown, or may not be had for this token by this client.',
};
// Which of its checks a token failed would guide a forger.
const TOKEN = request('The subject token or the actor token is not accepted here.');
const DENIED = { code: 'access_denied', status: 400, description: 'The request was refused.' };
const UNAVAILABLE = {
  code: 'temporarily_unavailable',
  status: 503,
  description: 'The service cannot answer right now. Please try again.',
};

/** Every failure as the token endpoint words it. @see RFC 6749 5.2, RFC 8693 2.2.2, RFC 9470 3 */
const WORDINGS = {
  'invalid-action': {
    code: 'unsupported_grant_type',
    status: 400,
    description: 'The grant type is not known here.',
  },
  'malformed-input': request('{text}'),
  'validation-failed': request('{text}'),
  'invalid-parameter-value': request('{text}'),
  'request-too-large': { ...request('The request body is too large.'), status: 413 },
  'request-timeout': { ...request('The request was not received in time.'), status: 408 },
  'missing-credentials': TOKEN,
  'incomplete-signature': TOKEN,
  'unknown-credentials': TOKEN,
  'expired-credentials': request('The subject token or the actor token has expired.'),
  'signature-mismatch': TOKEN,
  'invalid-identity-token': TOKEN,
  'expired-identity-token': request('The subject token or the actor token has expired.'),
  'identity-provider-unreachable': {
    ...UNAVAILABLE,
    description: 'The identity provider of the token cannot be reached right now. Please try again.',
  },
  'caller-denied': TARGET,
  'federation-denied': TARGET,
  'action-denied': TARGET,
  'root-may-not-assume': TARGET,
  'session-credentials-refused': TARGET,
  'mfa-incomplete': DENIED,
  'mfa-device-unknown': DENIED,
  'mfa-code-wrong': DENIED,
  'duration-exceeds-role': request('duration_seconds is longer than the role allows.'),
  'duration-exceeds-chaining': request('duration_seconds is longer than the hour that a chain of roles has.'),
  'malformed-policy': request('The policy is malformed.'),
  'packed-policy-too-large': request('The session would hold more policies and tags than it may.'),
  'invalid-authorization-message': request('The message is not valid.'),
  'expired-trade-in-token': TOKEN,
  'outbound-federation-disabled': TARGET,
  'session-duration-escalation': request('The token would outlive what it is made from.'),
  'token-payload-too-large': request('The token would hold more than it may.'),
  'sign-in-required': { code: 'login_required', status: 400, description: 'The person is not signed in.' },
  'login-attempt-unknown': DENIED,
  'provider-refused': DENIED,
  'request-forged': DENIED,
  'mfa-required': {
    code: 'insufficient_user_authentication',
    status: 400,
    description: 'A second factor is needed: ask for it with acr_values.',
  },
  'factor-refused': DENIED,
  'factor-locked': { ...DENIED, status: 429 },
  'not-found': { ...request('There is nothing here.'), status: 404 },
  'client-refused': {
    code: 'invalid_client',
    status: 401,
    description: 'The client is not known, or has not proved who it is.',
  },
  'client-unauthorized': {
    code: 'unauthorized_client',
    status: 400,
    description: 'The client may not use this grant, or not with this token.',
  },
  'exchange-denied': TARGET,
  'scope-refused': {
    code: 'invalid_scope',
    status: 400,
    description: 'A scope is unknown, or more than this token may be exchanged for.',
  },
  'exchange-loop': request('The token was exchanged for this target before, or too often.'),
  'oauth-refused': request('The request was refused.'),
  'store-unavailable': UNAVAILABLE,
} as const satisfies Record<FailureCode, Wording>;

const MALFORMED = 'The request is malformed.';

/**
 * The answer to a failure at an OAuth endpoint, with the reference by which operators find the refusal.
 *
 * @see RFC 6749 5.2
 */
export function oauthErrorOf(error: FederationError): OauthError {
  const { code, status, description }: Wording = WORDINGS[error.code];
  const text = description.replace('{text}', () => String(error.params['text'] ?? MALFORMED));
  const reference = error.refusal?.reference;
  return {
    status,
    headers: {
      ...(status === 503 ? { 'Retry-After': String(RETRY_AFTER_SECONDS) } : {}),
      ...(reference === undefined ? {} : { 'x-rolebridge-reference': reference }),
    },
    body: {
      // What the library refused keeps the library's code.
      error: String((error.code === 'oauth-refused' && error.params['error']) || code),
      error_description: plain(text),
      ...(error.code === 'mfa-required' ? { acr_values: ACR.mfa } : {}),
      ...(reference === undefined ? {} : { reference }),
    },
  };
}

/** The wire's code for a failure, for audit and metrics: a closed set. */
export function oauthErrorCodeOf(code: FailureCode): string {
  return WORDINGS[code].code;
}

/** RFC 6749 5.2 has neither quotes nor backslashes, control characters or anything beyond ASCII in a description. */
function plain(text: string): string {
  return text.replaceAll(/[^ !#-[\]-~]/g, '?').slice(0, 500);
}
