import { digestOfSubject } from '../../domain/identity/person.ts';
import { BASE32, bucketOfId, bucketOfKey } from '../../domain/session/bucket.ts';
import type { SessionIndex } from '../../domain/session/session-store.ts';
import { keyDigest } from '../../domain/session/key-digest.ts';

/** Longer than any id or reference that was ever given out. */
const LONGEST_ID = 128;

/** One Redis slot each. */
export const BUCKETS: readonly string[] = Array.from(BASE32);

/**
 * Names of keys. The braces hold the bucket, which is all that Redis hashes (Cluster specification, "Hash tags"), so that
 * everything which one script touches lives in one slot.
 */
export type Keys = {
  session(accessKeyId: string): string;
  /** Access key ids, scored by expiry. */
  index(bucket: string, digest: string): string;
  /** Digests of the roles and users that sessions of the bucket live on, scored by their last expiry. */
  issuers(bucket: string): string;
  audit(bucket: string): string;
  reference(reference: string): string;
  mark(key: string): string;
  attempts(key: string): string;
  loginAttempt(handle: string): string;
  /** What the names of all browser sessions of the bucket begin with; their ids follow. */
  browserSessions(bucket: string): string;
  browserSession(id: string): string;
  /** What the names of the bucket's {@link Keys.browserIndex} begin with; digests of persons follow. */
  browserIndexes(bucket: string): string;
  /** Ids of the browser sessions of a person. */
  browserIndex(person: string): string;
  /** As {@link Keys.browserIndex}, for the person behind `publicSubjectOf`. */
  browserIndexOfSubject(publicSubject: string): string;
  /** What the names of the bucket's people begin with; digests of persons follow. */
  people(bucket: string): string;
  person(person: string): string;
  /** As {@link Keys.person}, for the person behind `publicSubjectOf`. */
  personBySubject(publicSubject: string): string;
  /** Digests of the bucket's people. */
  peopleIndex(bucket: string): string;
  /** Of a letter for the kind, and the id. */
  oauthRecord(name: string): string;
  /** The id behind an alias; named like {@link Keys.oauthRecord}. */
  oauthAlias(name: string): string;
  /** Names of what came from a grant, scored by expiry. */
  oauthGrant(grantId: string): string;
  sealedKeys(name: string): string;
  ping(): string;
};

export function createKeys(prefix: string): Keys {
  const key = (bucket: string, name: string): string => `${prefix}{${bucket}}${name}`;
  return {
    session: (accessKeyId) => key(bucketOfId(accessKeyId), `s:${accessKeyId}`),
    index: (bucket, digest) => key(bucket, `i:${digest}`),
    issuers: (bucket) => key(bucket, 'issuers'),
    audit: (bucket) => key(bucket, 'audit'),
    reference: (reference) => key(bucketOfId(reference), `r:${reference}`),
    mark: (text) => key(bucketOfKey(text), `m:${keyDigest(text)}`),
    attempts: (text) => key(bucketOfKey(text), `n:${keyDigest(text)}`),
    loginAttempt: (handle) => key(bucketOfKey(handle), `l:${keyDigest(handle)}`),
    browserSessions: (bucket) => key(bucket, 'b:'),
    browserSession: (id) => key(bucketOfId(id), `b:${id}`),
    browserIndexes: (bucket) => key(bucket, 'o:'),
    browserIndex: (person) => key(bucketOfKey(person), `o:${keyDigest(person)}`),
    browserIndexOfSubject: (subject) => key(bucketOfId(subject), `o:${digestOfSubject(subject)}`),
    people: (bucket) => key(bucket, 'p:'),
    person: (person) => key(bucketOfKey(person), `p:${keyDigest(person)}`),
    personBySubject: (subject) => key(bucketOfId(subject), `p:${digestOfSubject(subject)}`),
    peopleIndex: (bucket) => key(bucket, 'people'),
    oauthRecord: (name) => key(bucketOfKey(name), `t:${name}`),
    oauthAlias: (name) => key(bucketOfKey(name), `u:${name}`),
    oauthGrant: (grantId) => key(bucketOfKey(grantId), `g:${grantId}`),
    sealedKeys: (name) => key(bucketOfKey(name), `k:${name}`),
    ping: () => key(BASE32.charAt(0), 'ping'),
  };
}

export function indexDigest(index: SessionIndex, value: string): string {
  return keyDigest(`${index} ${value}`);
}

/** What callers bring as an id names a key only when it could be ours: another last character would break the hash tag. */
export function isStorableId(id: string): boolean {
  return id.length > 0 && id.length <= LONGEST_ID && BASE32.includes(bucketOfId(id));
}
