import { describe, expect, it } from 'vitest';
import { FederationError } from '../../../../src/domain/errors.ts';
import type { SamlProvider } from '../../../../src/domain/identity/saml-provider.ts';
import {
  AWS_ATTRIBUTE_PREFIX,
  readSessionAttributes,
} from '../../../../src/protocols/saml/session-attributes.ts';
import { makeSamlProvider } from '../../../support/saml/identity-provider.ts';

type Attributes = Readonly<Record<string, readonly string[]>>;

const read = (attributes: Attributes, settings: Partial<SamlProvider> = {}) =>
  readSessionAttributes(new Map(Object.entries(attributes)), makeSamlProvider(settings));

const tag = (key: string) => `${AWS_ATTRIBUTE_PREFIX}PrincipalTag:${key}`;
const TRANSITIVE = `${AWS_ATTRIBUTE_PREFIX}TransitiveTagKeys`;
const SOURCE_IDENTITY = `${AWS_ATTRIBUTE_PREFIX}SourceIdentity`;

describe('readSessionAttributes (wire-spec 4 and 5)', () => {
  it('reads tags, transitive keys and source identity', () => {
    const attributes = {
      [tag('team')]: ['a b'],
      [tag('empty')]: [''],
      [TRANSITIVE]: ['TEAM', 'team'],
      [SOURCE_IDENTITY]: ['ann'],
    };
    expect(read(attributes)).toEqual({
      tags: { team: 'a b', empty: '' },
      transitiveTagKeys: ['team'],
      sourceIdentity: 'ann',
    });
  });

  it('maps attributes as the provider’s settings say', () => {
    const settings = { tags: { mail: 'email', phone: 'tel' }, sourceIdentity: 'uid' };
    expect(read({ email: ['m'], uid: ['ann'] }, settings)).toEqual({
      tags: { mail: 'm' },
      transitiveTagKeys: [],
      sourceIdentity: 'ann',
    });
  });

  it('takes a source identity from two places that agree', () => {
    expect(read({ uid: ['ann'], [SOURCE_IDENTITY]: ['ann'] }, { sourceIdentity: 'uid' }).sourceIdentity).toBe(
      'ann',
    );
  });

  it('reads nothing from an assertion that sets nothing', () => {
    expect(read({ mail: ['m'], [SOURCE_IDENTITY]: [] })).toEqual({ tags: {}, transitiveTagKeys: [] });
  });

  it('counts case in AWS’s attribute names', () => {
    const name = tag('a').toLowerCase();
    expect(read({ [name]: ['v'] }).tags).toEqual({});
  });

  it.each<[string, Attributes]>([
    ['two values of a tag', { [tag('a')]: ['x', 'y'] }],
    ['no value of a tag', { [tag('a')]: [] }],
    ['a tag without a key', { [tag('')]: ['x'] }],
    ['two tags that differ by case', { [tag('a')]: ['x'], [tag('A')]: ['x'] }],
    ['a key that AWS reserves', { [tag('AWS:a')]: ['x'] }],
    ['a key of 129 characters', { [tag('a'.repeat(129))]: ['x'] }],
    ['a key with a comma', { [tag('a,b')]: ['x'] }],
    ['a value of 257 characters', { [tag('a')]: ['x'.repeat(257)] }],
    ['a value with a comma', { [tag('a')]: ['x,y'] }],
    ['a value with a line feed', { [tag('a')]: ['x\n'] }],
    ['51 tags', Object.fromEntries(Array.from({ length: 51 }, (_, index) => [tag(`k${index}`), ['x']]))],
    ['a transitive key without its tag', { [tag('a')]: ['x'], [TRANSITIVE]: ['b'] }],
  ])('refuses %s', (_, attributes) => {
    expect(() => read(attributes)).toThrow('session tags');
  });

  it('refuses a tag that is both named and mapped', () => {
    expect(() => read({ [tag('Mail')]: ['x'], email: ['x'] }, { tags: { mail: 'email' } })).toThrow(
      'comes twice',
    );
  });

  it.each<[string, readonly string[]]>([
    ['two values', ['ann', 'bob']],
    ['one character', ['a']],
    ['65 characters', ['a'.repeat(65)]],
    ['what AWS reserves', ['aws:ann']],
    ['a blank', ['an n']],
    ['a line feed at the end', ['ann\n']],
  ])('refuses a source identity of %s with AWS’s text', (_, values) => {
    try {
      read({ [SOURCE_IDENTITY]: values });
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof FederationError)) throw error;
      expect(error.params).toEqual({
        text: 'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"',
      });
    }
  });

  it('refuses source identities of two places that differ', () => {
    expect(() => read({ uid: ['ann'], [SOURCE_IDENTITY]: ['bob'] }, { sourceIdentity: 'uid' })).toThrow(
      'source identity',
    );
  });
});
