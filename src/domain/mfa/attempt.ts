import type { RequestFacts } from '../federation/request-facts.ts';
import { personKeyOf } from '../identity/person.ts';
import type { BrowserSession } from '../session/browser-session.ts';

/** Who tries, and what. Codes of an enrolment have counters of their own: a badly scanned secret locks nobody out. */
export type Attempt = {
  readonly what: 'code' | 'passkey' | 'enrolment' | 'device-code';
  readonly person: string;
  readonly sourceIp: string;
  readonly nowMs: number;
};

/** An attempt of the person of a session, as the counters know it. */
export function attemptOf(
  { signIn }: Pick<BrowserSession, 'signIn'>,
  { sourceIp, timeMs: nowMs }: Pick<RequestFacts, 'sourceIp' | 'timeMs'>,
  what: Attempt['what'],
): Attempt {
  return { what, person: personKeyOf(signIn.identity), sourceIp, nowMs };
}
