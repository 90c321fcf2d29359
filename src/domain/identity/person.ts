import type { Factor, RecoveryCode } from '../mfa/factor.ts';
import { bucketOfKey } from '../session/bucket.ts';
import { keyDigest } from '../session/key-digest.ts';

/** Who somebody is: the provider that vouches for them, and its name for them. Never an e-mail address. */
export type PersonId = { readonly providerArn: string; readonly subject: string };

/** `<provider ARN> <subject>`: how sessions, indexes and the command line name a person. */
export function personKeyOf({ providerArn, subject }: PersonId): string {
  return `${providerArn} ${subject}`;
}

/** 28 characters of digest, and the bucket. */
const PUBLIC_SUBJECT = /^[\w-]{28}[A-Z2-7]$/;

/**
 * `sub` of a person in tokens of ours: says nothing of who they are, is the same for all applications, and names their records
 * in the store without any table in between.
 */
export function publicSubjectOf(id: PersonId): string {
  return publicSubjectOfKey(personKeyOf(id));
}

/** As {@link publicSubjectOf}, of what {@link personKeyOf} makes. */
export function publicSubjectOfKey(personKey: string): string {
  return keyDigest(personKey) + bucketOfKey(personKey);
}

/** Whether a text could be what {@link publicSubjectOf} makes. */
export function isPublicSubject(text: string): boolean {
  return PUBLIC_SUBJECT.test(text);
}

/** The `keyDigest` of the person's key in it. */
export function digestOfSubject(publicSubject: string): string {
  return publicSubject.slice(0, -1);
}

const MAX_SHOWN_CHARS = 200;

/** A subject where nothing better names somebody: without what turns the text around it or hides in it. */
export function shownSubjectOf({ subject }: Pick<PersonId, 'subject'>): string {
  return subject.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').slice(0, MAX_SHOWN_CHARS);
}

/** For people to recognise somebody by; decides nothing. */
export type Profile = { readonly displayName?: string; readonly email?: string };

/** What we keep of a person between sign-ins. Times are epoch milliseconds. */
export type Person = PersonId & {
  readonly profile: Profile;
  readonly firstSignInAtMs: number;
  readonly lastSignInAtMs: number;
  readonly factors: readonly Factor[];
  /** Empty until the first factor is enrolled. */
  readonly recoveryCodes: readonly RecoveryCode[];
  /** Role ARNs, in the order in which they were marked. */
  readonly favourites: readonly string[];
  /** Role ARNs, the last used first. */
  readonly recents: readonly string[];
};
