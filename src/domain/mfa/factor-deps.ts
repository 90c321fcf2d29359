import type { AuditDraft } from '../audit/audit-draft.ts';
import type { FederationDeps } from '../federation/deps.ts';
import type { People } from '../identity/people.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { BrowserSessions, OpenedSession } from '../session/browser-sessions.ts';
import type { MfaDeps } from './check-code.ts';
import type { MfaMethod } from './factor.ts';
import type { Passkeys } from './passkeys.ts';

/** What the use cases around second factors need of the world. */
export type FactorDeps = FederationDeps &
  Pick<MfaDeps, 'verifyTotp'> & {
    readonly browserSessions: BrowserSessions;
    readonly people: People;
    /** `undefined` at an IP address, where there can be none. */
    readonly passkeys: Passkeys | undefined;
    /** Told of every second factor that was given. */
    readonly onMfa: (factor: MfaMethod, outcome: 'success' | 'failure') => void;
  };

/** Something that a signed-in person asks for, and the event that tells of it. */
export type FactorRequest = { readonly session: BrowserSession; readonly draft: AuditDraft };

/** A factor that was added; `codes`: the recovery codes that came with the first one, to be shown this once. */
export type Enrolled = { readonly opened: OpenedSession; readonly codes?: readonly string[] };
