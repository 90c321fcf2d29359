import type { FailureCode } from '../errors.ts';
import type { Caller } from '../federation/caller.ts';
import type { RequestFacts } from '../federation/request-facts.ts';
import type { Identity } from '../identity/identity.ts';
import type { Decision } from '../policy/decision.ts';
import type { Session } from '../session/session.ts';

/** What is learnt of a request on its way; the event is written from it once, when the request's fate is known. */
export type AuditDraft = {
  readonly facts: RequestFacts;
  /** The service that was asked; default STS. */
  readonly eventSource?: 'signin.amazonaws.com' | 'oidc.rolebridge';
  /** The action, without its service. */
  eventName: string;
  /** The code that the caller is answered for a failure. */
  readonly errorCodeOf: (code: FailureCode) => string;
  /** In lower camel case, without tokens, codes and assertions (wire-spec 10.1). */
  requestParameters: Readonly<Record<string, unknown>>;
  /** The role that was asked for. */
  roleArn?: string;
  /** Who it was, as soon as that is proved. */
  identity?: Identity;
  /** The proof's condition keys as the session keeps them, once there is one. */
  claims?: Session['claims'];
  caller?: Caller;
  /** The access key that signed, or claims to. */
  accessKeyId?: string;
  /** SHA-256 of a proof that was not verified, hex. */
  tokenHash?: string;
  /** What came a second time, which somebody may have stolen (RFC 9700 4.14.2). */
  readonly reused?: 'authorization-code' | 'refresh-token' | 'device-code';
  decision?: { readonly action: string; readonly decision: Decision };
};
