import { FederationError } from '../../domain/errors.ts';
import { createConstraints, type Constraints, type Pattern, type TextRule } from './constraints.ts';
import { listMembers, type Parameters } from './parameters.ts';

type Tag = { readonly key: string; readonly value: string };

/** What may narrow a session: one inline policy and managed policies by ARN. */
type SessionPolicyParameters = { readonly policy?: string; readonly policyArns: readonly string[] };
type MfaParameters = { readonly serialNumber?: string; readonly tokenCode?: string };

type AssumeRole = SessionPolicyParameters &
  MfaParameters & {
    readonly action: 'AssumeRole';
    readonly roleArn: string;
    readonly roleSessionName: string;
    readonly durationSeconds?: number;
    readonly tags: readonly Tag[];
    readonly transitiveTagKeys: readonly string[];
    readonly externalId?: string;
    readonly sourceIdentity?: string;
  };
export type AssumeRoleWithWebIdentity = SessionPolicyParameters & {
  readonly action: 'AssumeRoleWithWebIdentity';
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly webIdentityToken: string;
  readonly providerId?: string;
  readonly durationSeconds?: number;
};
export type AssumeRoleWithSaml = SessionPolicyParameters & {
  readonly action: 'AssumeRoleWithSAML';
  readonly roleArn: string;
  readonly principalArn: string;
  /** The response as base64, as it came. */
  readonly samlAssertion: string;
  readonly durationSeconds?: number;
};
type GetSessionToken = MfaParameters & {
  readonly action: 'GetSessionToken';
  readonly durationSeconds?: number;
};
type GetFederationToken = SessionPolicyParameters & {
  readonly action: 'GetFederationToken';
  readonly name: string;
  readonly durationSeconds?: number;
  readonly tags: readonly Tag[];
};

type GetWebIdentityToken = {
  readonly action: 'GetWebIdentityToken';
  readonly audience: readonly string[];
  readonly signingAlgorithm: (typeof WEB_IDENTITY_ALGORITHMS)[number];
  readonly durationSeconds?: number;
  readonly tags: readonly Tag[];
};

/** A request whose parameters keep every limit of the service model (wire-spec 1.5). */
export type StsRequest =
  | AssumeRole
  | AssumeRoleWithWebIdentity
  | GetSessionToken
  | GetFederationToken
  | AssumeRoleWithSaml
  | { readonly action: 'GetCallerIdentity' }
  | { readonly action: 'GetAccessKeyInfo'; readonly accessKeyId: string }
  | { readonly action: 'DecodeAuthorizationMessage'; readonly encodedMessage: string }
  | GetWebIdentityToken
  | { readonly action: 'GetDelegatedAccessToken' }
  | { readonly action: 'AssumeRoot'; readonly targetPrincipal: string };

export type StsAction = StsRequest['action'];

/** Wire version of the Query API. */
const VERSION = '2011-06-15';

const PARSERS: { readonly [A in StsAction]: (p: Parameters) => Extract<StsRequest, { action: A }> } = {
  AssumeRole: parseAssumeRole,
  AssumeRoleWithWebIdentity: parseAssumeRoleWithWebIdentity,
  AssumeRoleWithSAML: parseAssumeRoleWithSaml,
  GetCallerIdentity: () => ({ action: 'GetCallerIdentity' }),
  GetSessionToken: parseGetSessionToken,
  GetFederationToken: parseGetFederationToken,
  GetAccessKeyInfo: parseGetAccessKeyInfo,
  DecodeAuthorizationMessage: parseDecodeAuthorizationMessage,
  GetWebIdentityToken: parseGetWebIdentityToken,
  GetDelegatedAccessToken: parseGetDelegatedAccessToken,
  AssumeRoot: parseAssumeRoot,
};

/**
 * The action that a request names, before anything else of it is looked at (wire-spec 1.2).
 *
 * @returns `undefined` where there is no `Action` at all: STS redirects such requests.
 * @throws FederationError `invalid-action` for an unknown action or version.
 */
export function parseAction(parameters: Parameters): StsAction | undefined {
  const action = parameters.get('Action');
  if (action === undefined) return undefined;
  const version = parameters.get('Version');
  if (version === VERSION && isStsAction(action)) return action;
  const params = { action, version: version ?? 'NO_VERSION_SPECIFIED' };
  throw new FederationError('invalid-action', 'no such operation', { params });
}

function isStsAction(action: string): action is StsAction {
  return Object.hasOwn(PARSERS, action);
}

/**
 * Parses an action's parameters.
 *
 * @throws FederationError `malformed-input` or `validation-failed` (wire-spec 1.4).
 */
export function parseStsRequest(action: StsAction, parameters: Parameters): StsRequest {
  return PARSERS[action](parameters);
}

const pattern = (source: string, anchored: RegExp): Pattern => ({
  source,
  test: (value) => anchored.test(value),
});
const NAME = pattern(String.raw`[\w+=,.@-]*`, /^[\w+=,.@-]*$/);
const ARN_PATTERN = pattern(
  String.raw`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`,
  /^[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]+$/u,
);
const POLICY_PATTERN = pattern(
  String.raw`[\u0009\u000A\u000D\u0020-\u00FF]+`,
  /^[\u0009\u000A\u000D\u0020-\u00FF]+$/,
);
const TAG_KEY_PATTERN = pattern(String.raw`[\p{L}\p{Z}\p{N}_.:/=+\-@]+`, /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u);
const TAG_VALUE_PATTERN = pattern(String.raw`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`, /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u);

const ARN: TextRule = { pattern: ARN_PATTERN, min: 20, max: 2048 };
const SESSION_NAME: TextRule = { pattern: NAME, min: 2, max: 64 };
const TAG_KEY: TextRule = { pattern: TAG_KEY_PATTERN, min: 1, max: 128 };
const TAG_VALUE: TextRule = { pattern: TAG_VALUE_PATTERN, min: 0, max: 256 };
const EXTERNAL_ID: TextRule = {
  pattern: pattern(String.raw`[\w+=,.@:\/-]*`, /^[\w+=,.@:/-]*$/),
  min: 2,
  max: 1224,
};
const SERIAL_NUMBER: TextRule = {
  pattern: pattern(String.raw`[\w+=/:,.@-]*`, /^[\w+=/:,.@-]*$/),
  min: 9,
  max: 256,
};
const TOKEN_CODE: TextRule = { pattern: pattern(String.raw`[\d]*`, /^\d*$/), min: 6, max: 6 };
const ACCESS_KEY: TextRule = { pattern: pattern(String.raw`[\w]*`, /^\w*$/), min: 16, max: 128 };
const DURATION = { min: 900, max: 43_200 };
const WEB_IDENTITY_ALGORITHMS = ['RS256', 'ES384'] as const;
const LONG_DURATION = { min: 900, max: 129_600 };

/** Fields that are absent stay absent, so that a reader cannot mistake an empty value for one. */
type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};
function present<T extends Record<string, unknown>>(fields: T): Defined<T>;
function present(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function parseAssumeRole(p: Parameters): AssumeRole {
  const c = createConstraints();
  const request = {
    action: 'AssumeRole',
    roleArn: c.requiredText('roleArn', p.get('RoleArn'), ARN),
    roleSessionName: c.requiredText('roleSessionName', p.get('RoleSessionName'), SESSION_NAME),
    ...sessionPolicies(c, p, { pattern: POLICY_PATTERN, min: 1 }),
    ...present({ durationSeconds: c.integer('durationSeconds', p.get('DurationSeconds'), DURATION) }),
    tags: tags(c, p),
    transitiveTagKeys: transitiveTagKeys(c, p),
    ...present({
      externalId: c.text('externalId', p.get('ExternalId'), EXTERNAL_ID),
      sourceIdentity: c.text('sourceIdentity', p.get('SourceIdentity'), SESSION_NAME),
    }),
    ...mfa(c, p),
  } as const;
  c.count('providedContexts', listMembers(p, 'ProvidedContexts').length, { max: 5 });
  c.enforce();
  return request;
}

function parseAssumeRoleWithWebIdentity(p: Parameters): AssumeRoleWithWebIdentity {
  const c = createConstraints();
  const request = {
    action: 'AssumeRoleWithWebIdentity',
    roleArn: c.requiredText('roleArn', p.get('RoleArn'), ARN),
    roleSessionName: c.requiredText('roleSessionName', p.get('RoleSessionName'), SESSION_NAME),
    webIdentityToken: secretText(c, 'webIdentityToken', p.get('WebIdentityToken'), { min: 4, max: 20_000 }),
    ...sessionPolicies(c, p, { pattern: POLICY_PATTERN, min: 1, max: 2048 }),
    ...present({
      providerId: c.text('providerId', p.get('ProviderId'), { min: 4, max: 2048 }),
      durationSeconds: c.integer('durationSeconds', p.get('DurationSeconds'), DURATION),
    }),
  } as const;
  c.enforce();
  return request;
}

function parseAssumeRoleWithSaml(p: Parameters): AssumeRoleWithSaml {
  const c = createConstraints();
  const request = {
    action: 'AssumeRoleWithSAML',
    roleArn: c.requiredText('roleArn', p.get('RoleArn'), ARN),
    principalArn: c.requiredText('principalArn', p.get('PrincipalArn'), ARN),
    samlAssertion: secretText(c, 'sAMLAssertion', p.get('SAMLAssertion'), { min: 4, max: 100_000 }),
    ...sessionPolicies(c, p, { pattern: POLICY_PATTERN, min: 1, max: 2048 }),
    ...present({ durationSeconds: c.integer('durationSeconds', p.get('DurationSeconds'), DURATION) }),
  } as const;
  c.enforce();
  return request;
}

function parseGetSessionToken(p: Parameters): GetSessionToken {
  const c = createConstraints();
  const durationSeconds = c.integer('durationSeconds', p.get('DurationSeconds'), LONG_DURATION);
  const request = { action: 'GetSessionToken', ...present({ durationSeconds }), ...mfa(c, p) } as const;
  c.enforce();
  return request;
}

function parseGetFederationToken(p: Parameters): GetFederationToken {
  const c = createConstraints();
  const request = {
    action: 'GetFederationToken',
    name: c.requiredText('name', p.get('Name'), { pattern: NAME, min: 2, max: 32 }),
    ...sessionPolicies(c, p, { pattern: POLICY_PATTERN, min: 1, max: 2048 }),
    ...present({ durationSeconds: c.integer('durationSeconds', p.get('DurationSeconds'), LONG_DURATION) }),
    tags: tags(c, p),
  } as const;
  c.enforce();
  return request;
}

function parseGetAccessKeyInfo(p: Parameters): { action: 'GetAccessKeyInfo'; accessKeyId: string } {
  const c = createConstraints();
  const accessKeyId = c.requiredText('accessKeyId', p.get('AccessKeyId'), ACCESS_KEY);
  c.enforce();
  return { action: 'GetAccessKeyInfo', accessKeyId };
}

function parseDecodeAuthorizationMessage(p: Parameters): {
  action: 'DecodeAuthorizationMessage';
  encodedMessage: string;
} {
  const c = createConstraints();
  const rule = { min: 1, max: 10_240 };
  const encodedMessage = secretText(c, 'encodedMessage', p.get('EncodedMessage'), rule);
  c.enforce();
  return { action: 'DecodeAuthorizationMessage', encodedMessage };
}

function parseGetWebIdentityToken(p: Parameters): GetWebIdentityToken {
  const c = createConstraints();
  const audiences = listMembers(p, 'Audience');
  if (audiences.length === 0) c.requiredText('audience', undefined, {});
  c.count('audience', audiences.length, { max: 10 });
  const audience = audiences.map((member, index) =>
    c.requiredText(`audience.${index + 1}.member`, member.get(''), { min: 1, max: 1000 }),
  );
  const durationSeconds = c.integer('durationSeconds', p.get('DurationSeconds'), { min: 60, max: 3600 });
  const algorithm = c.requiredText('signingAlgorithm', p.get('SigningAlgorithm'), {
    oneOf: WEB_IDENTITY_ALGORITHMS,
  });
  const tagList = tags(c, p);
  c.enforce();
  return {
    action: 'GetWebIdentityToken',
    audience,
    signingAlgorithm: algorithm === 'RS256' ? algorithm : 'ES384',
    ...present({ durationSeconds }),
    tags: tagList,
  };
}

function parseGetDelegatedAccessToken(p: Parameters): { action: 'GetDelegatedAccessToken' } {
  const c = createConstraints();
  secretText(c, 'tradeInToken', p.get('TradeInToken'), { min: 1, max: 20_000 });
  c.enforce();
  return { action: 'GetDelegatedAccessToken' };
}

function parseAssumeRoot(p: Parameters): { action: 'AssumeRoot'; targetPrincipal: string } {
  const c = createConstraints();
  const targetPrincipal = c.requiredText('targetPrincipal', p.get('TargetPrincipal'), { min: 12, max: 2048 });
  c.requiredText('taskPolicyArn.arn', p.get('TaskPolicyArn.arn'), ARN);
  c.integer('durationSeconds', p.get('DurationSeconds'), { min: 0, max: 900 });
  c.enforce();
  return { action: 'AssumeRoot', targetPrincipal };
}

// Tokens, assertions and codes are secrets: a rule that they break must not echo them.
function secretText(c: Constraints, name: string, value: string | undefined, rule: TextRule): string {
  return c.requiredText(name, value, { ...rule, secret: true });
}

function sessionPolicies(c: Constraints, p: Parameters, rule: TextRule): SessionPolicyParameters {
  const arns = listMembers(p, 'PolicyArns');
  c.count('policyArns', arns.length, { max: 10 });
  const policyArns = arns.map((member, index) =>
    c.requiredText(`policyArns.${index + 1}.member.arn`, member.get('arn'), ARN),
  );
  return { ...present({ policy: c.text('policy', p.get('Policy'), rule) }), policyArns };
}

function tags(c: Constraints, p: Parameters): readonly Tag[] {
  const members = listMembers(p, 'Tags');
  c.count('tags', members.length, { max: 50 });
  return members.map((member, index) => ({
    key: c.requiredText(`tags.${index + 1}.member.key`, member.get('Key'), TAG_KEY),
    value: c.requiredText(`tags.${index + 1}.member.value`, member.get('Value'), TAG_VALUE),
  }));
}

function transitiveTagKeys(c: Constraints, p: Parameters): readonly string[] {
  const members = listMembers(p, 'TransitiveTagKeys');
  c.count('transitiveTagKeys', members.length, { max: 50 });
  return members.map((member, index) =>
    c.requiredText(`transitiveTagKeys.${index + 1}.member`, member.get(''), TAG_KEY),
  );
}

function mfa(c: Constraints, p: Parameters): MfaParameters {
  return present({
    serialNumber: c.text('serialNumber', p.get('SerialNumber'), SERIAL_NUMBER),
    tokenCode: c.text('tokenCode', p.get('TokenCode'), { ...TOKEN_CODE, secret: true }),
  });
}
