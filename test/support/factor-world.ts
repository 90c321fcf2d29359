import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import type { SignInProvider } from '../../src/domain/identity/sign-in-provider.ts';
import { createPeople } from '../../src/domain/identity/people.ts';
import type { Person } from '../../src/domain/identity/person.ts';
import type { FactorDeps, FactorRequest } from '../../src/domain/mfa/factor-deps.ts';
import { parsePolicyText } from '../../src/domain/policy/document.ts';
import { createBrowserSessions, type OpenedSession } from '../../src/domain/session/browser-sessions.ts';
import type { BrowserSession, SignIn } from '../../src/domain/session/browser-session.ts';
import { createDirectory } from '../../src/config/directory.ts';
import { parseMasterKeyRing } from '../../src/keys/master-key.ts';
import { createSealer } from '../../src/keys/seal.ts';
import { verifyTotp } from '../../src/protocols/totp/verify-totp.ts';
import { createPasskeys } from '../../src/protocols/webauthn/create-passkeys.ts';
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { isAccountId, isArn } from '../../src/domain/role/arn.ts';
import { makeFacts, makeSignIn } from './sign-in.ts';

export const ORIGIN = 'https://bridge.example.com';
/** A Friday, at the start of a window of every length that counts attempts. */
export const START_MS = Date.UTC(2026, 0, 2);
export const MINUTE_MS = 60_000;

/** The use cases of second factors on real stores, at a time that the test sets. */
export type FactorWorld = {
  readonly deps: FactorDeps & { readonly openSecret: (sealed: Uint8Array, context: string) => string };
  readonly now: () => number;
  readonly pass: (ms: number) => void;
  readonly signIn: (about?: {
    readonly subject?: string;
    readonly signIn?: Partial<SignIn>;
  }) => Promise<OpenedSession>;
  /** A request of this session, from this address, now. */
  readonly request: (session: BrowserSession, eventName?: string, sourceIp?: string) => FactorRequest;
  /** The session as the cookie opens it: with what was begun in it. */
  readonly reopen: (opened: OpenedSession) => Promise<BrowserSession>;
  readonly person: (subject?: string) => Promise<Person>;
  /** Audit events so far, parsed. */
  readonly events: readonly AuditEvent[];
  readonly counted: readonly string[];
};

type AuditEvent = {
  readonly eventName: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly text: string;
};

export function createFactorWorld({
  passkeys = 'work',
}: { readonly passkeys?: 'work' | 'none' } = {}): FactorWorld {
  let nowMs = START_MS;
  const store = createSqliteStore({ path: ':memory:', now: () => nowMs });
  const sealer = createSealer(parseMasterKeyRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`));
  const sealing = {
    seal: sealer.seal,
    openSecret: (sealed: Uint8Array, context: string) => sealer.open(sealed, context).toString(),
  };
  const events: AuditEvent[] = [];
  const counted: string[] = [];
  const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
  const people = createPeople({ store: store.people, ...sealing });
  const browserSessions = createBrowserSessions({
    store: store.browserSessions,
    ...sealing,
    random,
    idleMs: 60 * MINUTE_MS,
    absoluteMs: 12 * 60 * MINUTE_MS,
  });
  const deps = {
    directory: createDirectory(PARTS),
    sessions: store.sessions,
    audit: store.audit,
    emit: (text: string) => {
      events.push(parseEvent(text));
    },
    random,
    ...sealing,
    encodeMessage: (json: string) => json,
    parseInline: (text: string) => parsePolicyText(text, { kind: 'session', name: 'session policy' }),
    packedPolicySize: () => 0,
    verifyTotp,
    browserSessions,
    people,
    passkeys:
      passkeys === 'work'
        ? createPasskeys({ id: new URL(ORIGIN).hostname, origin: ORIGIN }, 'Acme')
        : undefined,
    onMfa: (factor: string, outcome: string) => {
      counted.push(`${factor} ${outcome}`);
    },
  };
  const identityOf = (subject = 'alice') => makeSignIn({ subject }).identity;
  return {
    deps,
    now: () => nowMs,
    pass: (ms) => (nowMs += ms),
    signIn: async ({ subject = 'alice', signIn = {} } = {}) => {
      const whole = { ...makeSignIn({ subject }), ...signIn };
      const { providerArn } = whole.identity;
      await people.update(whole.identity, (known) => ({
        firstSignInAtMs: nowMs,
        factors: [],
        recoveryCodes: [],
        favourites: [],
        recents: [],
        ...known,
        providerArn,
        subject,
        profile: whole.profile,
        lastSignInAtMs: nowMs,
      }));
      return browserSessions.start(whole, makeFacts(nowMs));
    },
    request: (session, eventName = 'Test', sourceIp = '192.0.2.7') => ({
      session,
      draft: {
        facts: { ...makeFacts(nowMs), sourceIp },
        eventSource: 'signin.amazonaws.com',
        eventName,
        errorCodeOf: (code) => code,
        requestParameters: {},
        identity: session.signIn.identity,
      },
    }),
    reopen: async ({ secret }) => {
      const session = await browserSessions.find(secret, nowMs);
      if (session === undefined) throw new Error('the session has ended');
      return session;
    },
    person: async (subject) => {
      const person = await people.find(identityOf(subject));
      if (person === undefined) throw new Error('nobody');
      return person;
    },
    events,
    counted,
  };
}

/** What an app shows at a time; `steps` of 30 s later. */
export function codeOf(secret: string, nowMs: number, steps = 0): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: nowMs + steps * 30_000 });
}

/** A code that no step near this time has. */
export function wrongCode(secret: string, nowMs: number): string {
  const right = new Set([-2, -1, 0, 1, 2].map((steps) => codeOf(secret, nowMs, steps)));
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !right.has(code)) ?? '';
}

function parseEvent(text: string): AuditEvent {
  const event: unknown = JSON.parse(text);
  const member = (name: string): string | undefined => {
    const value: unknown = typeof event === 'object' && event !== null ? Reflect.get(event, name) : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const [errorCode, errorMessage] = [member('errorCode'), member('errorMessage')];
  return {
    eventName: member('eventName') ?? '',
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(errorMessage === undefined ? {} : { errorMessage }),
    text,
  };
}

const PARTS = {
  accounts: [],
  roles: [],
  users: [],
  oidcProviders: [provider().provider],
  samlProviders: [],
  applications: [],
  services: [],
  managedPolicies: new Map(),
};

function provider(): Extract<SignInProvider, { kind: 'oidc' }> {
  const arn = 'arn:aws:iam::123456789012:oidc-provider/idp.example.com';
  const account = '123456789012';
  if (!isArn(arn) || !isAccountId(account)) throw new Error('no ARN');
  return {
    kind: 'oidc',
    provider: {
      name: 'acme',
      arn,
      account,
      issuer: 'https://idp.example.com',
      audiences: ['client-1'],
      algorithms: ['RS256'],
      clockSkewSeconds: 0,
      jwks: { kind: 'discovery' },
      tags: {},
      signIn: {
        displayName: 'Acme',
        domains: [],
        mfa: 'never',
        mfaValues: [],
        preset: 'generic',
        clientId: 'client-1',
        scopes: ['openid'],
        hostedDomains: [],
      },
    },
  };
}
