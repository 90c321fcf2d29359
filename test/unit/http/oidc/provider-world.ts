import { createDirectory } from '../../../../src/config/directory.ts';
import type { Application } from '../../../../src/domain/application/application.ts';
import type { Service } from '../../../../src/domain/application/service.ts';
import { createPeople } from '../../../../src/domain/identity/people.ts';
import { publicSubjectOf } from '../../../../src/domain/identity/person.ts';
import type { Role } from '../../../../src/domain/role/role.ts';
import { createBrowserSessions } from '../../../../src/domain/session/browser-sessions.ts';
import type { BrowserSession, SignIn } from '../../../../src/domain/session/browser-session.ts';
import { signPersonIn } from '../../../../src/domain/session/sign-person-in.ts';
import { inScope, type ProviderScope } from '../../../../src/http/oidc/provider-scope.ts';
import { parseMasterKeyRing } from '../../../../src/keys/master-key.ts';
import { createSealer } from '../../../../src/keys/seal.ts';
import {
  createPersonWorld,
  facts as someFacts,
  makeIdentity,
  NOW_MS,
} from '../../domain/federation/person-world.ts';

export const IDLE_MS = 3_600_000;
export const ABSOLUTE_MS = 12 * 3_600_000;

type Parts = {
  readonly roles?: readonly Role[];
  readonly applications?: readonly Application[];
  readonly services?: readonly Service[];
  readonly mfaRequired?: 'always' | 'by-policy';
};

/** What the provider's own parts stand on: stores in memory, sealing, people and their sign-ins. */
export function createProviderWorld({ roles = [], applications = [], services = [], ...more }: Parts = {}) {
  const clock = { now: NOW_MS };
  const now = (): number => clock.now;
  const { store, deps } = createPersonWorld(roles, { now, applications, services, ...more });
  const sealer = createSealer(parseMasterKeyRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`));
  const sealing = {
    seal: sealer.seal,
    openSecret: (sealed: Uint8Array, context: string) => sealer.open(sealed, context).toString(),
    random: deps.random,
  };
  const browserSessions = createBrowserSessions({
    store: store.browserSessions,
    ...sealing,
    idleMs: IDLE_MS,
    absoluteMs: ABSOLUTE_MS,
  });
  const people = createPeople({ store: store.people, ...sealing });
  const all = { ...deps, ...sealing, browserSessions, people, now, absoluteMs: ABSOLUTE_MS };
  const facts = () => ({ ...someFacts, timeMs: clock.now });
  const signIn = async (subject = 'alice', given: Partial<SignIn> = {}): Promise<BrowserSession> => {
    const identity = makeIdentity({ sub: subject }, { subject });
    const proof = { identity, profile: { displayName: `Ms ${subject}` }, notices: [], ...given };
    const draft = {
      facts: facts(),
      eventName: 'SignIn',
      errorCodeOf: (code: string) => code,
      requestParameters: {},
    };
    return (await signPersonIn(proof, draft, all)).session;
  };
  /** Runs something as one request: of a browser, where there is a session, else of a program. */
  const ask = <T>(run: (scope: ProviderScope) => Promise<T>, session?: BrowserSession): Promise<T> => {
    const scope = { facts: facts(), session, signIns: new Map(), signInEnds: new Map() };
    return inScope(scope, () => run(scope));
  };
  /** The same world under a configuration without providers. */
  const providerless = {
    ...all,
    directory: createDirectory({
      accounts: [],
      roles: [],
      users: [],
      oidcProviders: [],
      samlProviders: [],
      applications,
      services,
      managedPolicies: new Map(),
    }),
  };
  return { clock, store, deps: all, providerless, signIn, ask };
}

export type ProviderWorld = ReturnType<typeof createProviderWorld>;

export function subjectOf({ signIn }: BrowserSession): string {
  return publicSubjectOf(signIn.identity);
}
