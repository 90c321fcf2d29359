import { hash } from 'node:crypto';

/** What AWS takes as RoleSessionName (wire-spec 1.6). */
export const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;
const MAX_SESSION_NAME = 64;
const DIGEST_CHARACTERS = 16;
/** What names that were made end in: a subject of this form is renamed, too, or it could be made to equal another's name. */
const MADE = /-[0-9a-f]{16}$/;

/**
 * The session name of a subject that nobody named: the subject itself where AWS takes it as a name.
 *
 * Cut or replaced, two subjects could share a name, and policies that read `sts:RoleSessionName` would take one for the
 * other: so such a name ends in a hash.
 */
export function sessionNameFrom(subject: string): string {
  if (SESSION_NAME.test(subject) && !MADE.test(subject)) return subject;
  const digest = hash('sha256', subject).slice(0, DIGEST_CHARACTERS);
  const readable = subject.replace(/[^\w+=,.@-]/g, '-').slice(0, MAX_SESSION_NAME - 1 - DIGEST_CHARACTERS);
  return `${readable}-${digest}`;
}
