import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  digestOfSubject,
  isPublicSubject,
  personKeyOf,
  publicSubjectOf,
} from '../../../../src/domain/identity/person.ts';
import { bucketOfId, bucketOfKey } from '../../../../src/domain/session/bucket.ts';
import { keyDigest } from '../../../../src/domain/session/key-digest.ts';

const ALICE = { providerArn: 'arn:aws:iam::123456789012:saml-provider/corp', subject: 'alice@acme.example' };
const people = fc.record({ providerArn: fc.stringMatching(/^[!-~]{1,60}$/), subject: fc.string() });

describe('the public subject of a person', () => {
  it('stays what it is: tokens out there and applications’ tables name people by it', () => {
    expect(publicSubjectOf(ALICE)).toBe('SdQZWmAnFXgBFuX7GKAXBrFiu_OMJ');
  });

  it('says nothing of who they are (OpenID Connect Core 8)', () => {
    expect(publicSubjectOf(ALICE)).not.toMatch(/alice|acme|corp|123456789012/i);
  });

  it('is 29 characters for anybody, and leads to their digest and bucket', () => {
    fc.assert(
      fc.property(people, (person) => {
        const sub = publicSubjectOf(person);
        const key = personKeyOf(person);
        expect(sub).toHaveLength(29);
        expect(isPublicSubject(sub)).toBe(true);
        expect([digestOfSubject(sub), bucketOfId(sub)]).toEqual([keyDigest(key), bucketOfKey(key)]);
      }),
    );
  });

  it('is of one person alone', () => {
    fc.assert(
      fc.property(people, people, (one, other) => {
        const same = personKeyOf(one) === personKeyOf(other);
        expect(publicSubjectOf(one) === publicSubjectOf(other)).toBe(same);
      }),
    );
  });

  it.each([
    '',
    'alice',
    'a'.repeat(29),
    `${'a'.repeat(28)}1`,
    `${'a'.repeat(28)}}`,
    `${'a'.repeat(27)}A`,
    `${'a'.repeat(29)}A`,
    `${'a'.repeat(28)}A\n`,
    `\n${'a'.repeat(28)}A`,
    `${'{'.repeat(28)}A`,
    'A'.repeat(100_000),
  ])('is not what it does not look like: %#', (text) => {
    expect(isPublicSubject(text)).toBe(false);
  });
});
