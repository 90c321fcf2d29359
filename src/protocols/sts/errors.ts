import type { FailureCode, FederationError } from '../../domain/errors.ts';

type Answer = { readonly code: string; readonly status: number; readonly message: string | undefined };
type Params = Readonly<Record<string, string | number>>;
type Wording = {
  readonly code: string;
  readonly status: number;
  /** `{name}` is replaced by the failure's parameter of that name; `undefined`: no Message element. */
  readonly message?: string;
};

const INVALID_TOKEN = 'The security token included in the request is invalid.';
const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

/** Every failure as STS words it (wire-spec 1.2–1.6, 7.3). `{text}` is AWS's own text, chosen where the failure was found. */
const DENIED = { code: 'AccessDenied', status: 403, message: 'Access denied.' } as const;
const OTHER_FAILURES = {
  'sign-in-required': DENIED,
  'login-attempt-unknown': DENIED,
  'provider-refused': DENIED,
  'request-forged': DENIED,
  'mfa-required': DENIED,
  'factor-refused': DENIED,
  'factor-locked': DENIED,
  'not-found': DENIED,
  'client-refused': DENIED,
  'client-unauthorized': DENIED,
  'exchange-denied': DENIED,
  'scope-refused': DENIED,
  'exchange-loop': DENIED,
  'oauth-refused': DENIED,
} as const;

const WORDINGS = {
  'invalid-action': {
    code: 'InvalidAction',
    status: 400,
    message: 'Could not find operation {action} for version {version}',
  },
  'malformed-input': { code: 'MalformedInput', status: 400, message: '{text}' },
  'validation-failed': { code: 'ValidationError', status: 400, message: '{text}' },
  'invalid-parameter-value': { code: 'InvalidParameterValue', status: 400, message: '{text}' },
  'request-too-large': { code: 'RequestEntityTooLarge', status: 413, message: 'Request body is too large.' },
  'request-timeout': {
    code: 'RequestTimeout',
    status: 400,
    message: 'The request was not received in time.',
  },
  'missing-credentials': {
    code: 'MissingAuthenticationToken',
    status: 403,
    message: 'Request is missing Authentication Token',
  },
  'incomplete-signature': { code: 'IncompleteSignature', status: 400, message: '{text}' },
  'unknown-credentials': { code: 'InvalidClientTokenId', status: 403, message: INVALID_TOKEN },
  'expired-credentials': {
    code: 'ExpiredToken',
    status: 403,
    message: 'The security token included in the request is expired',
  },
  'signature-mismatch': { code: 'SignatureDoesNotMatch', status: 403, message: '{text}' },
  'invalid-identity-token': { code: 'InvalidIdentityToken', status: 400, message: '{text}' },
  'expired-identity-token': {
    code: 'ExpiredTokenException',
    status: 400,
    message: 'Token expired: current date/time {now} must be before the expiration date/time {expiration}',
  },
  'identity-provider-unreachable': {
    code: 'IDPCommunicationError',
    status: 400,
    message: "Couldn't retrieve verification key from your identity provider,  please try again later",
  },
  'caller-denied': {
    code: 'AccessDenied',
    status: 403,
    message: 'User: {caller} is not authorized to perform: {action} on resource: {resource}',
  },
  'federation-denied': { code: 'AccessDenied', status: 403, message: 'Not authorized to perform {action}' },
  'action-denied': {
    code: 'AccessDenied',
    status: 403,
    message: 'User: {caller} is not authorized to perform: {action}',
  },
  'root-may-not-assume': {
    code: 'AccessDenied',
    status: 403,
    message: 'Roles may not be assumed by root accounts.',
  },
  'session-credentials-refused': {
    code: 'AccessDenied',
    status: 403,
    message: 'Cannot call {action} with session credentials',
  },
  'mfa-incomplete': {
    code: 'AccessDenied',
    status: 403,
    message: 'MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.',
  },
  'mfa-device-unknown': {
    code: 'AccessDenied',
    status: 403,
    message:
      'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
  },
  'mfa-code-wrong': {
    code: 'AccessDenied',
    status: 403,
    message: 'MultiFactorAuthentication failed with invalid MFA one time pass code. ',
  },
  'duration-exceeds-role': {
    code: 'ValidationError',
    status: 400,
    message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  },
  'duration-exceeds-chaining': {
    code: 'ValidationError',
    status: 400,
    message:
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
  },
  'malformed-policy': { code: 'MalformedPolicyDocument', status: 400, message: '{text}' },
  'packed-policy-too-large': {
    code: 'PackedPolicyTooLarge',
    status: 400,
    message: 'Packed policy consumes {percent}% of allotted space, please use smaller policy.',
  },
  'invalid-authorization-message': {
    code: 'InvalidAuthorizationMessageException',
    status: 400,
    message: 'The message is not valid',
  },
  'expired-trade-in-token': {
    code: 'ExpiredTradeInTokenException',
    status: 400,
    message: 'The trade-in token has expired.',
  },
  'outbound-federation-disabled': {
    code: 'OutboundWebIdentityFederationDisabledException',
    status: 403,
    message: 'Outbound web identity federation is not enabled for this account.',
  },
  'session-duration-escalation': {
    code: 'SessionDurationEscalationException',
    status: 403,
    message: 'The requested token would be valid for longer than the session that asks for it.',
  },
  'token-payload-too-large': {
    code: 'JWTPayloadSizeExceededException',
    status: 400,
    message:
      'The token would hold {size} bytes of claims, and may hold {limit}. Ask for fewer audiences or tags.',
  },
  // Those of pages and applications: no STS call ends in one of them.
  ...OTHER_FAILURES,
  'store-unavailable': {
    code: 'ServiceUnavailable',
    status: 503,
    message: 'The service cannot answer right now. Please try again.',
  },
} as const satisfies Record<FailureCode, Wording>;

/** Texts for failures whose `{text}` was not chosen where they were found. */
const DEFAULT_TEXTS: Partial<Record<FailureCode, string>> = {
  'signature-mismatch': MISMATCH,
  'invalid-identity-token': 'The ID Token provided is not a valid JWT.',
  'malformed-policy': 'Syntax errors in policy.',
};

/** The code, status and text that STS gives for a failure; `message` is undefined where AWS sends no Message element. */
export function answerTo(error: FederationError): Answer {
  const { code, status, message } = WORDINGS[error.code];
  // A text of its own comes first: an assertion expires in other words than a token (wire-spec 1.6).
  const text = error.params['text'] ?? DEFAULT_TEXTS[error.code];
  if (text !== undefined || message === '{text}') return { code, status, message: text?.toString() };
  return { code, status, message: fill(message, error.params) };
}

/** The wire's code for a failure, for audit and metrics: a closed set. */
export function errorCodeOf(code: FailureCode): string {
  return WORDINGS[code].code;
}

function fill(message: string, params: Params): string {
  return message.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? ''));
}
