import { hash } from 'node:crypto';
import { z } from 'zod';
import type { Application } from '../../../../src/domain/application/application.ts';
import { createExchangedTokens } from '../../../../src/domain/application/exchanged-tokens.ts';
import type { Service } from '../../../../src/domain/application/service.ts';
import type { AuditDraft } from '../../../../src/domain/audit/audit-draft.ts';
import { FederationError } from '../../../../src/domain/errors.ts';
import { audited } from '../../../../src/domain/federation/audited.ts';
import type { Caller } from '../../../../src/domain/federation/caller.ts';
import type {
  ExchangeDeps,
  ExchangedToken,
  ExchangeTokenRequest,
} from '../../../../src/domain/federation/exchange-request.ts';
import type { ExchangeSubject } from '../../../../src/domain/federation/exchange-subject.ts';
import { exchangeToken } from '../../../../src/domain/federation/exchange-token.ts';
import type { Identity } from '../../../../src/domain/identity/identity.ts';
import { publicSubjectOf } from '../../../../src/domain/identity/person.ts';
import type { SamlIdentity } from '../../../../src/domain/identity/saml-identity.ts';
import { parsePolicy } from '../../../../src/domain/policy/document.ts';
import type { Role } from '../../../../src/domain/role/role.ts';
import type { BrowserSession } from '../../../../src/domain/session/browser-session.ts';
import { parseOwnToken, type OwnToken } from '../../../../src/domain/token/own-token.ts';
import type { Store } from '../../../../src/stores/store.ts';
import { sampleSession } from '../../../support/sample-session.ts';
import {
  ACCOUNT,
  arn,
  createPersonWorld,
  facts,
  makeIdentity,
  NOW_MS,
  OIDC_ARN,
  oidcProvider,
  samlProvider,
  type Statement,
} from './person-world.ts';

export const ISSUER = 'https://bridge.example.com';
export const SIGN_IN_ID = 'sign-in-00000001';

/** An exchange policy whose statements admit the OIDC provider unless they say otherwise. */
export function exchangePolicy(...statements: readonly Statement[]): NonNullable<Service['exchangePolicy']> {
  const Statement = statements.map((one) => ({
    Effect: 'Allow',
    Principal: { Federated: OIDC_ARN },
    Action: 'rolebridge:ExchangeToken',
    ...one,
  }));
  return parsePolicy({ Version: '2012-10-17', Statement }, { kind: 'exchange', name: 'exchange' });
}

/** Services `b` to `f`, and service `a` with this policy. */
export function worldWith(...statements: readonly Statement[]): ExchangeWorld {
  const a = makeService('a', { exchangePolicy: exchangePolicy(...statements) });
  return createExchangeWorld({ services: [a, ...SERVICES.slice(1)] });
}

/** A service with scopes `read`, `write` and `admin`, open to the OIDC provider. */
export function makeService(name: string, given: Partial<Service> = {}): Service {
  return { ...makeClosedService(name), exchangePolicy: exchangePolicy({}), ...given };
}

/** Without a policy. */
export function makeClosedService(name: string): Service {
  return {
    name,
    arn: arn(`arn:aws:rolebridge::${ACCOUNT}:service/${name}`),
    account: ACCOUNT,
    audience: `https://${name}.example.com`,
    scopes: ['read', 'write', 'admin'],
    tokenLifetimeSeconds: 600,
    algorithm: 'RS256',
    claims: {},
    clientId: `${name}-app`,
  };
}

/** An application that may exchange, for all of the services. */
export function makeApplication(
  clientId: string,
  services: readonly Service[],
  given: Partial<Application> = {},
): Application {
  return { ...makeClosedApplication(clientId, services), exchangePolicy: exchangePolicy({}), ...given };
}

/** Without a policy. */
export function makeClosedApplication(clientId: string, services: readonly Service[]): Application {
  return {
    clientId,
    arn: arn(`arn:aws:rolebridge::${ACCOUNT}:application/${clientId}`),
    account: ACCOUNT,
    displayName: clientId,
    redirectUris: [],
    postLogoutRedirectUris: [],
    authentication: { kind: 'public' },
    grants: ['token_exchange'],
    firstParty: true,
    audiences: services.map(({ audience }) => audience),
    roleClaims: [],
    claims: {},
    idTokenLifetimeSeconds: 600,
    refreshTokenLifetimeSeconds: 86_400,
    idTokenAlgorithm: 'RS256',
    requirePushedRequests: false,
    requireDpop: false,
  };
}

export type ExchangeWorld = {
  readonly store: Store;
  readonly deps: ExchangeDeps;
  readonly events: readonly string[];
  readonly find: ReturnType<typeof createExchangedTokens>['find'];
  readonly clients: readonly Application[];
  readonly services: readonly Service[];
};

type WorldParts = {
  readonly services?: readonly Service[];
  readonly applications?: readonly Application[];
  readonly roles?: readonly Role[];
  readonly mfaRequired?: ExchangeDeps['mfaRequired'];
};

export const SERVICES = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => makeService(name));

/** Services `a` to `f`, each with an application that acts for it, and the application `portal`. */
export function createExchangeWorld({
  services = SERVICES,
  applications = [],
  roles = [],
  mfaRequired = 'by-policy',
}: WorldParts = {}): ExchangeWorld {
  const clients = [
    ...applications,
    ...['portal', ...services.map(({ name }) => `${name}-app`)]
      .filter((id) => !applications.some(({ clientId }) => clientId === id))
      .map((id) => makeApplication(id, services)),
  ];
  const world = createPersonWorld(roles, { mfaRequired, applications: clients, services });
  const exchangedTokens = createExchangedTokens({
    store: world.store.oauthRecords,
    seal: world.deps.seal,
    openSecret: (sealed, context) => {
      const [at, text] = z.tuple([z.string(), z.string()]).parse(JSON.parse(Buffer.from(sealed).toString()));
      if (at !== context) throw new Error('sealed for another record');
      return text;
    },
  });
  const deps = {
    ...world.deps,
    mfaRequired,
    issuer: ISSUER,
    hashProof: (proof: string) => hash('sha256', proof),
    exchangedTokens,
    // What is signed with which key is the signer's own; what stands in a token is looked at here.
    signer: {
      sign: (claims: object, { algorithm: alg, type: typ }: { algorithm: string; type: string }) =>
        Promise.resolve(`${part({ alg, typ })}.${part(claims)}.signature`),
    },
  };
  return { store: world.store, events: world.events, deps, find: exchangedTokens.find, clients, services };
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

export type Ask = Partial<Omit<ExchangeTokenRequest, 'client'>> & {
  /** A client id; default `portal`. */
  readonly by?: string;
  readonly timeMs?: number;
};

/** Alice's proof for a token of service `a`, by `portal`, unless said otherwise. */
export async function exchange(world: ExchangeWorld, ask: Ask = {}): Promise<ExchangedToken> {
  const { by = 'portal', timeMs = NOW_MS, ...given } = ask;
  const client = world.clients.find(({ clientId }) => clientId === by);
  if (client === undefined) throw new Error(`no client ${by}`);
  const request = {
    client,
    subject: proof(),
    subjectTokenType: 'jwt' as const,
    target: tokenOf('a'),
    ...given,
  };
  const draft: AuditDraft = {
    facts: { ...facts, timeMs },
    eventSource: 'oidc.rolebridge',
    eventName: 'ExchangeToken',
    errorCodeOf: (code) => code,
    requestParameters: {},
    tokenHash: 'cd'.repeat(32),
  };
  return audited(draft, world.deps, () => exchangeToken(request, draft, world.deps));
}

/** The code of a refusal, after a look that nothing was issued or remembered, and that the trail has it. */
export async function refusal(world: ExchangeWorld, ask: Ask = {}): Promise<string> {
  const failure = await exchange(world, ask).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof FederationError)) throw new Error('it was no refusal', { cause: failure });
  const event = lastEvent(world);
  if (event.errorCode !== failure.code) throw new Error('the trail has another code');
  if (event.additionalEventData.reference !== failure.refusal?.reference)
    throw new Error('another reference');
  if (event.responseElements !== null) throw new Error('the trail has an answer');
  return failure.code;
}

export function tokenOf(name: string, scopes?: readonly string[]): ExchangeTokenRequest['target'] {
  return { kind: 'access-token', audience: `https://${name}.example.com`, scopes };
}

export function proof(identity: Identity | SamlIdentity = makeIdentity()): ExchangeSubject {
  return { kind: 'proof', identity };
}

export function makeBrowserSession(given: Partial<BrowserSession> = {}): BrowserSession {
  return {
    id: 'browser-1',
    signInId: SIGN_IN_ID,
    signIn: { identity: makeIdentity({}, { expiresAtMs: NOW_MS - 1 }), profile: {}, notices: [] },
    startedAtMs: NOW_MS - 1_000_000,
    lastSeenAtMs: NOW_MS,
    endsAtMs: NOW_MS + 3_600_000,
    sourceIp: '192.0.2.7',
    userAgent: 'Mozilla/5.0',
    ...given,
  };
}

export function makeOwnToken(given: Partial<OwnToken> = {}): OwnToken {
  return {
    kind: 'access-token',
    subject: publicSubjectOf(makeIdentity()),
    signInId: SIGN_IN_ID,
    clientId: 'portal',
    audience: ['https://a.example.com'],
    scopes: ['read', 'write'],
    expiresAtMs: NOW_MS + 600_000,
    tokenId: 'token-1',
    via: [],
    ...given,
  };
}

/** An access token of Alice's sign-in, for service `a`. */
export function signedIn(
  token: Partial<OwnToken> = {},
  session: Partial<BrowserSession> = {},
): ExchangeSubject {
  const browser = makeBrowserSession(session);
  const provider = browser.signIn.identity.kind === 'saml' ? samlProvider : oidcProvider;
  return { kind: 'sign-in', token: makeOwnToken(token), session: browser, provider };
}

/** A token that an application has for itself. */
export function ofApplication(clientId = 'portal'): ExchangeSubject {
  return { kind: 'application', token: makeOwnToken({ subject: clientId, clientId }) };
}

/** Somebody with credentials of a role. */
export function callerOf(role: Role, given: Parameters<typeof sampleSession>[0] = {}): Caller {
  const session = sampleSession({
    account: role.account,
    principalArn: `arn:aws:sts::${role.account}:assumed-role/${role.name}/alice`,
    userId: `${role.id}:alice`,
    issuerArn: role.arn,
    issuerId: role.id,
    issuedAtMs: NOW_MS,
    expiresAtMs: NOW_MS + 1_800_000,
    signInExpiresAtMs: NOW_MS + 1_800_000,
    providerArn: OIDC_ARN,
    claims: { 'idp.example.com:sub': 'alice' },
    ...given,
  });
  return { kind: 'assumed-role', session, role };
}

export type IssuedToken = Extract<ExchangedToken, { readonly token: string }>;

export function issued(token: ExchangedToken): IssuedToken {
  if (token.kind === 'credentials') throw new Error('credentials came out');
  return token;
}

const claimsSchema = z.record(z.string(), z.unknown());

/** Header and claims of what was issued. */
export function decode(
  token: ExchangedToken,
): Record<'header' | 'claims', Readonly<Record<string, unknown>>> {
  const [header = '', claims = ''] = issued(token)
    .token.split('.')
    .map((one) => Buffer.from(one, 'base64url').toString());
  return { header: claimsSchema.parse(JSON.parse(header)), claims: claimsSchema.parse(JSON.parse(claims)) };
}

/** What was issued as whoever verifies it next understands it: a sign-in, or what is remembered of its origin. */
export async function bring(
  world: ExchangeWorld,
  token: ExchangedToken,
  session: BrowserSession = makeBrowserSession(),
  caller?: Caller,
): Promise<ExchangeSubject> {
  const { header, claims } = decode(token);
  const own = parseOwnToken(header['typ'], claims);
  if (own === undefined) throw new Error('not a token of ours');
  if (own.signInId !== undefined) return { kind: 'sign-in', token: own, session, provider: oidcProvider };
  const origin = await world.find(own.tokenId);
  if (origin?.kind === 'proof') return { kind: 'exchanged', token: own, identity: origin.identity };
  if (origin === undefined || caller === undefined) throw new Error('nothing is remembered of it');
  return { kind: 'role-session', token: own, caller };
}

const eventSchema = z.object({
  eventSource: z.string(),
  eventName: z.string(),
  errorCode: z.string().optional(),
  userIdentity: z.object({ type: z.string() }),
  requestParameters: z.record(z.string(), z.unknown()),
  responseElements: z.record(z.string(), z.unknown()).nullable(),
  additionalEventData: z.object({
    outcome: z.string(),
    reference: z.string().optional(),
    tokenHash: z.string().optional(),
    decision: z.object({ outcome: z.string(), action: z.string() }).optional(),
  }),
});

export function lastEvent({ events }: ExchangeWorld): z.infer<typeof eventSchema> {
  return eventSchema.parse(JSON.parse(events.at(-1) ?? ''));
}
