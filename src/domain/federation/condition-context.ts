import type { ContextValue, RequestContext } from '../policy/request.ts';
import type { Role } from '../role/role.ts';
import type { Directory } from '../role/directory.ts';
import { principalOf, sessionOf, type Caller } from './caller.ts';
import type { RequestFacts } from './request-facts.ts';
import type { Subject } from './subject.ts';

/** Condition keys that a request carries beside those of its principal and of the network. */
export type RequestKeys = {
  readonly roleSessionName?: string;
  readonly durationSeconds?: number;
  readonly externalId?: string;
  readonly sourceIdentity?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveTagKeys: readonly string[];
  /** Of GetWebIdentityToken: for whom a token is asked, and signed with what. */
  readonly identityTokenAudience?: readonly string[];
  readonly signingAlgorithm?: string;
  /** Of token exchange and of applications that prove who they are. */
  readonly rolebridge?: {
    readonly clientId?: string;
    readonly audience?: string;
    /** As on the wire (RFC 8693 3). */
    readonly subjectTokenType?: string;
    /** The scopes that would be issued. */
    readonly scopes?: readonly string[];
    /** Who wants to act for the subject. */
    readonly actorIssuer?: string;
    readonly actorSubject?: string;
  };
  /** When the caller proved a second factor; absent: not in this request. */
  readonly mfaAuthenticatedAtMs?: number;
};

export type ContextInput = {
  readonly facts: RequestFacts;
  readonly keys: RequestKeys;
  readonly subject: Subject;
  readonly role?: Role | undefined;
  readonly directory: Directory;
};

/** All condition keys of an STS request (wire-spec 3.3, 5, 6.6), names in lower case as the engine wants them. */
export function createConditionContext(input: ContextInput): RequestContext {
  const context = new Map<string, ContextValue>();
  addFacts(context, input.facts);
  // Role tags first: an inherited transitive tag overrides aws:ResourceTag of the same key.
  for (const [key, value] of Object.entries(input.role?.tags ?? {}))
    context.set(`aws:resourcetag/${key.toLowerCase()}`, value);
  if ('identity' in input.subject) addIdentity(context, input.subject, input.facts);
  else addCaller(context, input.subject.caller, input);
  addRequestKeys(context, input.keys, input.facts);
  return context;
}

function addFacts(context: Map<string, ContextValue>, facts: RequestFacts): void {
  context.set('aws:sourceip', facts.sourceIp);
  context.set('aws:useragent', facts.userAgent);
  context.set('aws:requestedregion', facts.region);
  context.set('aws:securetransport', String(facts.secureTransport));
  context.set('aws:currenttime', new Date(facts.timeMs).toISOString());
  context.set('aws:epochtime', String(Math.floor(facts.timeMs / 1000)));
}

function addIdentity(
  context: Map<string, ContextValue>,
  { identity, signIn }: Extract<Subject, { identity: unknown }>,
  { timeMs }: RequestFacts,
): void {
  for (const [key, value] of identity.conditionKeys) context.set(key.toLowerCase(), value);
  context.set('aws:federatedprovider', identity.providerArn);
  // A proof that a tool brings says nothing of a second factor of ours; of a sign-in it is always known.
  if (signIn) addMfa(context, signIn.mfaAuthenticatedAtMs, timeMs);
}

function addCaller(
  context: Map<string, ContextValue>,
  caller: Caller,
  { facts, directory }: ContextInput,
): void {
  const session = sessionOf(caller);
  const { account } = principalOf(caller);
  const { organizationId } = directory.guardrails(account);
  if (organizationId !== undefined) context.set('aws:principalorgid', organizationId);
  const ownTags = caller.kind === 'assumed-role' ? caller.role.tags : caller.user.tags;
  for (const [key, value] of Object.entries({ ...ownTags })) setTag(context, 'principaltag', key, value);
  if (session === undefined) return;
  for (const [key, value] of Object.entries(session.tags)) setTag(context, 'principaltag', key, value);
  for (const key of session.transitiveTagKeys) {
    const value = session.tags[key];
    if (value !== undefined) setTag(context, 'resourcetag', key, value);
  }
  for (const [key, value] of Object.entries(session.claims)) context.set(key.toLowerCase(), value);
  if (session.providerArn !== undefined) context.set('aws:federatedprovider', session.providerArn);
  if (session.sourceIdentity !== undefined) context.set('aws:sourceidentity', session.sourceIdentity);
  context.set('aws:tokenissuetime', new Date(session.issuedAtMs).toISOString());
  // Sessions always carry the key, long-term credentials never do (wire-spec 5).
  addMfa(context, session.mfaAuthenticatedAtMs, facts.timeMs);
}

function addRequestKeys(
  context: Map<string, ContextValue>,
  keys: RequestKeys,
  { timeMs }: RequestFacts,
): void {
  const scalars = {
    'sts:rolesessionname': keys.roleSessionName,
    'sts:durationseconds': keys.durationSeconds?.toString(),
    'sts:externalid': keys.externalId,
    'sts:sourceidentity': keys.sourceIdentity,
    'sts:signingalgorithm': keys.signingAlgorithm,
    'sts:identitytokenaudience': keys.identityTokenAudience,
  };
  for (const [key, value] of Object.entries(scalars)) if (value !== undefined) context.set(key, value);
  addRolebridgeKeys(context, keys.rolebridge ?? {});
  const tagKeys = Object.keys(keys.tags);
  for (const [key, value] of Object.entries(keys.tags)) setTag(context, 'requesttag', key, value);
  if (tagKeys.length > 0) context.set('aws:tagkeys', tagKeys);
  if (keys.transitiveTagKeys.length > 0) context.set('sts:transitivetagkeys', keys.transitiveTagKeys);
  if (keys.mfaAuthenticatedAtMs !== undefined) addMfa(context, keys.mfaAuthenticatedAtMs, timeMs);
}

function addRolebridgeKeys(
  context: Map<string, ContextValue>,
  keys: NonNullable<RequestKeys['rolebridge']>,
): void {
  const values = {
    'rolebridge:clientid': keys.clientId,
    'rolebridge:audience': keys.audience,
    'rolebridge:subjecttokentype': keys.subjectTokenType,
    'rolebridge:scope': keys.scopes,
    'rolebridge:actorissuer': keys.actorIssuer,
    'rolebridge:actorsubject': keys.actorSubject,
  };
  for (const [key, value] of Object.entries(values)) if (value !== undefined) context.set(key, value);
}

function addMfa(
  context: Map<string, ContextValue>,
  authenticatedAtMs: number | undefined,
  nowMs: number,
): void {
  context.set('aws:multifactorauthpresent', String(authenticatedAtMs !== undefined));
  if (authenticatedAtMs === undefined) return;
  context.set('aws:multifactorauthage', String(Math.max(0, Math.floor((nowMs - authenticatedAtMs) / 1000))));
}

function setTag(context: Map<string, ContextValue>, family: string, key: string, value: string): void {
  context.set(`aws:${family}/${key.toLowerCase()}`, value);
}
