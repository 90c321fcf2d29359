import { hash, generateKeyPairSync } from 'node:crypto';
import { z } from 'zod';
import { createDirectory } from '../../../../src/config/directory.ts';
import type { Application } from '../../../../src/domain/application/application.ts';
import { createExchangedTokens } from '../../../../src/domain/application/exchanged-tokens.ts';
import { TOKEN_TYPES } from '../../../../src/domain/application/token-type.ts';
import { FederationError } from '../../../../src/domain/errors.ts';
import { publicSubjectOf } from '../../../../src/domain/identity/person.ts';
import { createPeople } from '../../../../src/domain/identity/people.ts';
import { createBrowserSessions } from '../../../../src/domain/session/browser-sessions.ts';
import { signPersonIn } from '../../../../src/domain/session/sign-person-in.ts';
import type { OwnToken } from '../../../../src/domain/token/own-token.ts';
import type { TokenHeader } from '../../../../src/domain/token/token-signer.ts';
import { exchangeTokens, type TokenExchangeDeps } from '../../../../src/http/oidc/token-exchange.ts';
import { createSubjectVerifiers } from '../../../../src/http/oidc/subject-verifiers.ts';
import { parseMasterKeyRing } from '../../../../src/keys/master-key.ts';
import { createSealer } from '../../../../src/keys/seal.ts';
import { createSigningKeys } from '../../../../src/keys/signing-keys.ts';
import { oauthErrorOf } from '../../../../src/protocols/oauth/errors.ts';
import {
  assertionXml,
  createTestIdp,
  GOOD_CONTENT,
  makeSamlProvider,
  NOW_MS,
} from '../../../support/saml/identity-provider.ts';
import { signXml } from '../../../../src/protocols/saml/sign-xml.ts';
import {
  exchangePolicy,
  ISSUER,
  makeApplication,
  makeService,
  SERVICES,
} from '../../domain/federation/exchange-world.ts';
import {
  ACCOUNT,
  createPersonWorld,
  facts as someFacts,
  makeIdentity,
  makeRole,
  OIDC_ARN,
  OTHER_ACCOUNT,
  SAML_ARN,
} from '../../domain/federation/person-world.ts';
import { keysOf, makeProvider, mintWith } from '../../protocols/oidc/issuer.ts';

export { mintWith, NOW_MS, ISSUER };
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/deploy`;
const NOW = NOW_MS / 1000;
const signIn = { displayName: 'Example', domains: [], mfa: 'never', mfaValues: [] } as const;
const oidcProvider = makeProvider({
  clockSkewSeconds: 0,
  signIn: { ...signIn, preset: 'generic', clientId: 'client-1', scopes: ['openid'], hostedDomains: [] },
});
const samlProvider = makeSamlProvider({ roleAttribute: 'optional', signIn });
const samlIdp = createTestIdp();

const EVERYBODY = { Principal: { Federated: [OIDC_ARN, SAML_ARN] } };
const roles = ['deploy', 'observe'].map((name) =>
  makeRole(name, [
    { ...EVERYBODY, Action: ['sts:AssumeRoleWithWebIdentity', 'sts:AssumeRoleWithSAML'] },
    { Principal: { AWS: ROLE }, Action: 'sts:AssumeRole' },
  ]),
);
const policy = exchangePolicy(EVERYBODY, { Principal: { AWS: ROLE } });
const services = SERVICES.map(({ name }) => makeService(name, { exchangePolicy: policy }));
const applications = ['portal', 'other', ...services.map(({ name }) => `${name}-app`)].map((clientId) =>
  makeApplication(clientId, services, { exchangePolicy: policy }),
);
/** Alice as the provider's tokens name her. */
const identity = makeIdentity(
  {},
  {
    subject: 'user-1',
    conditionKeys: new Map([['idp.example.com:sub', 'user-1']]),
    expiresAtMs: NOW_MS + 600_000,
  },
);
export const alice = publicSubjectOf(identity);

export type HandlerWorld = Awaited<ReturnType<typeof createHandlerWorld>>;
type Gone = { readonly applications?: readonly string[]; readonly provider?: 'gone'; readonly role?: 'gone' };

/** Everything but the socket: stores in memory, our own keys, a provider with pinned keys, a SAML provider. */
export async function createHandlerWorld() {
  const clock = { now: NOW_MS };
  const world = createPersonWorld(roles, { now: () => clock.now });
  const { store } = world;
  const sealer = createSealer(parseMasterKeyRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`));
  const sealing = {
    seal: sealer.seal,
    openSecret: (sealed: Uint8Array, context: string) => sealer.open(sealed, context).toString(),
    random: world.deps.random,
  };
  const signer = createSigningKeys({
    store: store.sealedKeys,
    sealer,
    now: () => clock.now,
    rotationMs: 90 * 86_400_000,
  });
  const opaque = new Map<string, OwnToken>();
  const depsOf = (gone: Gone = {}): TokenExchangeDeps => {
    const directory = createDirectory({
      accounts: [ACCOUNT, OTHER_ACCOUNT].map((id) => ({
        id,
        guardrails: { isManagementAccount: false },
        outboundWebIdentityFederation: true,
      })),
      roles: gone.role ? [] : roles,
      users: [],
      oidcProviders: gone.provider ? [] : [oidcProvider],
      samlProviders: [samlProvider],
      applications: applications.filter(({ clientId }) => !gone.applications?.includes(clientId)),
      services,
      managedPolicies: new Map(),
    });
    return {
      ...world.deps,
      ...sealing,
      directory,
      issuer: ISSUER,
      signer,
      hashProof: (proof) => hash('sha256', proof),
      exchangedTokens: createExchangedTokens({ store: store.oauthRecords, ...sealing }),
      browserSessions: createBrowserSessions({
        store: store.browserSessions,
        ...sealing,
        idleMs: 3_600_000,
        absoluteMs: 12 * 3_600_000,
      }),
      people: createPeople({ store: store.people, ...sealing }),
      findOpaqueToken: (token) => Promise.resolve(opaque.get(token)),
      ...createSubjectVerifiers({
        directory,
        publicUrl: ISSUER,
        findKey: signer.find,
        keysOf,
        metadataOf: () => Promise.resolve(samlIdp.metadata),
        spKeys: () => Promise.resolve({ decryptionKeys: [] }),
      }),
    };
  };
  await signer.prepare(['RS256', 'ES256']);
  return { ...world, clock, signer, opaque, depsOf, deps: depsOf() };
}

export function client(clientId = 'portal', given: Partial<Application> = {}): Application {
  const found = applications.find((one) => one.clientId === clientId);
  if (found === undefined) throw new Error(`no client ${clientId}`);
  return { ...found, authentication: { kind: 'keys', keys: { jwks: [] } }, ...given };
}

const urlOf = (service: string) => `https://${service}.example.com`;
export type Form = Readonly<Record<string, string>>;
export type Options = { readonly by?: Application; readonly deps?: TokenExchangeDeps };

/** What asks for a token of service `a`. */
export const forService = (name = 'a'): Form => ({ audience: urlOf(name) });
export const forRole: Form = { resource: ROLE };
/** Which opens to `deploy`, too. */
export const forNextRole: Form = { resource: `arn:aws:iam::${ACCOUNT}:role/observe` };
export const forIdToken: Form = { requested_token_type: TOKEN_TYPES['id-token'] };
export const subject = (type: keyof typeof TOKEN_TYPES, token: string): Form => ({
  subject_token: token,
  subject_token_type: TOKEN_TYPES[type],
});

const answer = z.looseObject({ access_token: z.string(), expires_in: z.number() });

export async function exchange(
  world: HandlerWorld,
  form: Form,
  { by = client(), deps = world.deps }: Options = {},
) {
  const facts = { ...someFacts, timeMs: world.clock.now };
  return answer.parse(await exchangeTokens({ client: by, form: new URLSearchParams(form), facts }, deps));
}

/** The OAuth error of a refusal, after a look that the trail has it, and nothing issued. */
export async function refusal(world: HandlerWorld, form: Form, options?: Options): Promise<string> {
  const before = world.events.length;
  const error = await exchange(world, form, options).then(
    () => new Error('it was accepted'),
    (cause: unknown) => cause,
  );
  if (!(error instanceof FederationError)) throw error;
  const { body } = oauthErrorOf(error);
  const [event = '{}', ...more] = world.events.slice(before);
  // `responseElements` is null: nothing was handed out.
  const { errorCode, eventSource, additionalEventData } = recorded.parse(JSON.parse(event));
  const isTold = additionalEventData.reference === body['reference'] && more.length === 0;
  if (errorCode !== body['error'] || eventSource !== 'oidc.rolebridge' || !isTold)
    throw new Error(`the trail has something else: ${event}`, { cause: error });
  for (const token of [form['subject_token'], form['actor_token']])
    if (token && event.includes(token)) throw new Error('the trail has the token itself');
  return `${body['error'] ?? ''}: ${error.message}`;
}

const recorded = z.object({
  errorCode: z.string(),
  eventSource: z.string(),
  responseElements: z.null(),
  additionalEventData: z.object({ reference: z.string() }),
});

/** Signs alice in; her sign-in. */
export async function signInAlice(world: HandlerWorld) {
  const facts = { ...someFacts, timeMs: world.clock.now };
  const draft = { facts, eventName: 'SignIn', errorCodeOf: (code: string) => code, requestParameters: {} };
  const deps = { ...world.deps, sessions: world.store.sessions };
  const people = createPeople({ store: world.store.people, seal: deps.seal, openSecret: deps.openSecret });
  const browserSessions = createBrowserSessions({
    store: world.store.browserSessions,
    seal: deps.seal,
    openSecret: deps.openSecret,
    random: deps.random,
    idleMs: 3_600_000,
    absoluteMs: 12 * 3_600_000,
  });
  const opened = await signPersonIn({ identity, profile: {}, notices: [] }, draft, {
    ...deps,
    people,
    browserSessions,
  });
  return { ...opened.session, end: () => browserSessions.end(opened.session.id) };
}

type Claims = Readonly<Record<string, unknown>>;

/** A token of ours, as its kind is; signed with our key. */
export function ownToken(
  { signer, clock }: HandlerWorld,
  claims: Claims,
  { type = 'at+jwt', algorithm = 'RS256' }: Partial<TokenHeader> = {},
): Promise<string> {
  const now = Math.floor(clock.now / 1000);
  const common = { iss: ISSUER, sub: alice, aud: urlOf('b'), iat: now, exp: now + 300, jti: 'jti-1' };
  const all = type === 'at+jwt' ? { client_id: 'portal', scope: 'read', ...common } : common;
  return signer.sign({ ...all, ...claims }, { type, algorithm });
}

/** A bare assertion of the SAML provider, or a changed one. */
export function assertion(changes: Partial<typeof GOOD_CONTENT> = {}): string {
  const content = { ...GOOD_CONTENT, confirmedInResponseTo: null, ...changes };
  const { key, certificate } = samlIdp;
  return Buffer.from(signXml(assertionXml(content), { key, certificate, algorithm: 'rsa-sha256' })).toString(
    'base64url',
  );
}

/** A JWT of the provider. */
export const proof = (claims: object = {}) => mintWith({ ...claims });
export const foreignKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
export const claimsOf = (token: string): Claims =>
  z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()));
export { NOW };
