import { hash } from 'node:crypto';
import type { Random } from '../credentials/credentials.ts';
import type { RequestFacts } from '../federation/request-facts.ts';
import { personKeyOf, type PersonId } from '../identity/person.ts';
import type { MfaProof } from '../mfa/factor.ts';
import type { BrowserSessionRecord, BrowserSessionStore } from './browser-session-store.ts';
import { decodeBrowserSession, encodeBrowserSession, type SealedSession } from './browser-session-record.ts';
import type { BrowserSession, Ceremony, SignIn } from './browser-session.ts';
import { bucketOfId, bucketOfKey } from './bucket.ts';

export type BrowserSessionsDeps = {
  readonly store: BrowserSessionStore;
  readonly seal: (plaintext: string, context: string) => Uint8Array;
  readonly openSecret: (sealed: Uint8Array, context: string) => string;
  readonly random: Random;
  readonly idleMs: number;
  readonly absoluteMs: number;
};

/** A session, and the cookie's value that opens it: nobody but the browser has it. */
export type OpenedSession = { readonly session: BrowserSession; readonly secret: string };

/** The people who are signed in with a browser. All throw FederationError `store-unavailable`. */
export type BrowserSessions = {
  readonly start: (signIn: SignIn, facts: RequestFacts) => Promise<OpenedSession>;
  /** The living session that a cookie's value opens; it lives on from now. */
  readonly find: (secret: string, nowMs: number) => Promise<BrowserSession | undefined>;
  /**
   * Puts the proof of a second factor on a session, under a new id: whoever had the old cookie gets nothing of it.
   *
   * @returns `undefined` where the session has ended meanwhile
   */
  readonly stepUp: (session: BrowserSession, proof: MfaProof) => Promise<OpenedSession | undefined>;
  /** Notes the ceremony that has begun, instead of any other; `undefined` ends it. `false`: the session has ended. */
  readonly setCeremony: (session: BrowserSession, ceremony: Ceremony | undefined) => Promise<boolean>;
  /** The living session of a sign-in, whatever id it has by now, for who knows it by a token of ours. */
  readonly findSignIn: (publicSubject: string, signInId: string) => Promise<BrowserSession | undefined>;
  readonly listOf: (person: PersonId) => Promise<readonly BrowserSession[]>;
  readonly end: (id: string) => Promise<boolean>;
  /** How many ended. */
  readonly endAll: (person: PersonId, except?: string) => Promise<number>;
};

/** 256 random bits, and the bucket of the person. */
const SECRET = /^[\w-]{43}[A-Z2-7]$/;
/** A visit is noted at most so often: most requests only read. */
const TOUCH_AFTER_MS = 30_000;

export function createBrowserSessions(deps: BrowserSessionsDeps): BrowserSessions {
  const { store, idleMs } = deps;
  return {
    start: async (signIn, facts) => {
      const startedAtMs = facts.timeMs;
      const { sourceIp, userAgent } = facts;
      const session = {
        signInId: Buffer.from(deps.random(12)).toString('base64url'),
        signIn,
        startedAtMs,
        endsAtMs: Math.min(startedAtMs + deps.absoluteMs, signIn.notOnOrAfterMs ?? Infinity),
        ...(signIn.mfaAuthenticatedAtMs === undefined
          ? {}
          : { mfa: { authenticatedAtMs: signIn.mfaAuthenticatedAtMs, method: 'provider' as const } }),
        sourceIp,
        userAgent,
      };
      const opened = makeRecord(session, startedAtMs, deps);
      await store.create(opened.record);
      return opened;
    },
    find: async (secret, nowMs) => {
      if (!SECRET.test(secret)) return undefined;
      const record = await store.find(idOf(secret));
      if (record === undefined) return undefined;
      if (nowMs - record.lastSeenAtMs < TOUCH_AFTER_MS) return open(record, deps);
      const session = open(record, deps);
      const times = { lastSeenAtMs: nowMs, expiresAtMs: Math.min(nowMs + idleMs, session.endsAtMs) };
      return (await store.touch(record.id, times)) ? { ...session, lastSeenAtMs: nowMs } : undefined;
    },
    stepUp: async (session, mfa) => {
      const opened = makeRecord({ ...contentOf(session), mfa }, mfa.authenticatedAtMs, deps);
      return (await store.replace(session.id, opened.record)) ? opened : undefined;
    },
    setCeremony: (session, ceremony) => {
      const content = { ...contentOf(session), ...(ceremony === undefined ? {} : { ceremony }) };
      return store.update(session.id, sealFor(session.id, content, deps));
    },
    findSignIn: async (publicSubject, signInId) => {
      for (const record of await store.listOfSubject(publicSubject)) {
        const session = openIfReadable(record, deps);
        if (session?.signInId === signInId) return session;
      }
      return undefined;
    },
    listOf: async (person) => (await store.listOf(personKeyOf(person))).map((record) => open(record, deps)),
    end: (id) => store.end(id),
    endAll: (person, except) => store.endAll(personKeyOf(person), except),
  };
}

/** A session without its names and without a ceremony. */
function contentOf(session: BrowserSession): SealedSession {
  const { signInId, signIn, startedAtMs, endsAtMs, mfa, sourceIp, userAgent } = session;
  return { signInId, signIn, startedAtMs, endsAtMs, ...(mfa && { mfa }), sourceIp, userAgent };
}

function makeRecord(
  session: SealedSession,
  nowMs: number,
  deps: BrowserSessionsDeps,
): OpenedSession & { readonly record: BrowserSessionRecord } {
  const person = personKeyOf(session.signIn.identity);
  const secret = Buffer.from(deps.random(32)).toString('base64url') + bucketOfKey(person);
  const id = idOf(secret);
  const record = {
    id,
    person,
    lastSeenAtMs: nowMs,
    expiresAtMs: Math.min(nowMs + deps.idleMs, session.endsAtMs),
    sealed: sealFor(id, session, deps),
  };
  return { session: { ...session, id, lastSeenAtMs: nowMs }, secret, record };
}

/** Whoever reads the store learns no cookie. */
function idOf(secret: string): string {
  return hash('sha256', secret, 'base64url') + bucketOfId(secret);
}

function sealFor(id: string, session: SealedSession, { seal }: BrowserSessionsDeps): Uint8Array {
  return seal(encodeBrowserSession(session), contextOf(id));
}

function open(
  { id, lastSeenAtMs, sealed }: BrowserSessionRecord,
  { openSecret }: BrowserSessionsDeps,
): BrowserSession {
  return { ...decodeBrowserSession(openSecret(sealed, contextOf(id))), id, lastSeenAtMs };
}

/** What nobody can open is no sign-in: of a key that left the ring, it must not stand in the way of the person's others. */
function openIfReadable(record: BrowserSessionRecord, deps: BrowserSessionsDeps): BrowserSession | undefined {
  try {
    return open(record, deps);
  } catch {
    return undefined;
  }
}

/** The content of one session opens under no other id. */
function contextOf(id: string): string {
  return `browser-session:${id}`;
}
