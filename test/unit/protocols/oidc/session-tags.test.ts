import { describe, expect, it } from 'vitest';
import { FederationError } from '../../../../src/domain/errors.ts';
import type { OidcProvider } from '../../../../src/domain/identity/oidc-provider.ts';
import { readSessionAttributes } from '../../../../src/protocols/oidc/session-tags.ts';
import { makeProvider } from './issuer.ts';

const read = (claims: Record<string, unknown>, provider: Partial<OidcProvider> = {}) =>
  readSessionAttributes(claims, makeProvider(provider));

const TAGS = 'https://aws.amazon.com/tags';
const SOURCE = 'https://aws.amazon.com/source_identity';
const tagged = (principal_tags: unknown, transitive_tag_keys?: unknown) => ({
  [TAGS]: { principal_tags, transitive_tag_keys },
});

describe('readSessionAttributes', () => {
  it('finds nothing in a token that carries nothing', () => {
    expect(read({ sub: 'user-1' })).toEqual({ tags: {}, transitiveTagKeys: [] });
  });

  it('reads the nested claim (wire-spec 3.4)', () => {
    expect(read(tagged({ Project: ['x'], Team: ['y'] }, ['Project']))).toEqual({
      tags: { Project: 'x', Team: 'y' },
      transitiveTagKeys: ['Project'],
    });
  });

  it('reads the flattened claims (wire-spec 3.4)', () => {
    const claims = {
      [`${TAGS}/principal_tags/Project`]: 'x',
      [`${TAGS}/principal_tags/Team`]: ['y'],
      [`${TAGS}/transitive_tag_keys`]: ['Team', 'project', 'PROJECT'],
      [SOURCE]: 'alice',
    };
    expect(read(claims)).toEqual({
      tags: { Project: 'x', Team: 'y' },
      transitiveTagKeys: ['Team', 'Project'],
      sourceIdentity: 'alice',
    });
  });

  it('reads what the provider maps, and leaves out what the token lacks', () => {
    const mapping = {
      tags: {
        email: 'email',
        team: 'groups[0]',
        ns: 'kubernetes.io.namespace',
        dept: 'https://x.example/dept',
        none: 'a.b',
        num: 'n',
      },
      sourceIdentity: 'email',
    };
    const claims = {
      email: 'a@example.com',
      groups: ['dev', 'ops'],
      'kubernetes.io': { namespace: 'default' },
      'https://x.example/dept': ['it'],
      n: 7,
    };
    expect(read(claims, mapping)).toEqual({
      tags: { email: 'a@example.com', team: 'dev', ns: 'default', dept: 'it', num: '7' },
      transitiveTagKeys: [],
      sourceIdentity: 'a@example.com',
    });
  });

  it.each([
    'groups[1]',
    'groups[x]',
    'groups[-1]',
    'groups[]',
    'groups[0',
    '[0]',
    'groups.length',
    'constructor',
    '__proto__.x',
    'email.length',
    '',
  ])('finds nothing at the path "%s"', (path) => {
    expect(read({ groups: ['a'], email: 'a' }, { tags: { t: path } }).tags).toEqual({});
  });

  it.each([
    ['a principal tag with two values', tagged({ Project: ['x', 'y'] })],
    ['a principal tag without a value', tagged({ Project: [] })],
    ['a principal tag that is an object', tagged({ Project: { x: 1 } })],
    ['a principal tag that is null', tagged({ Project: null })],
    ['a value in a list in a list', tagged({ Project: [['x']] })],
    ['principal_tags that are a list', tagged(['Project'])],
    ['principal_tags that are a text', tagged('Project')],
    ['a tags claim that is a text', { [TAGS]: 'Project' }],
    ['a tags claim that is a list', { [TAGS]: [] }],
    ['51 tags', tagged(Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`t${index}`, 'x'])))],
    ['a key of 129 characters', tagged({ ['k'.repeat(129)]: 'x' })],
    ['an empty key', tagged({ '': 'x' })],
    ['a reserved key', tagged({ 'AWS:x': 'y' })],
    ['a key with a character that tags cannot have', tagged({ 'a;b': 'x' })],
    ['a value of 257 characters', tagged({ k: 'x'.repeat(257) })],
    ['a value with a character that tags cannot have', tagged({ k: 'a\nb' })],
    ['keys that differ in case only', tagged({ Project: ['x'], project: ['y'] })],
    [
      'a tag both nested and flattened',
      { ...tagged({ Project: ['x'] }), [`${TAGS}/principal_tags/project`]: 'y' },
    ],
    ['flattened tag with two values', { [`${TAGS}/principal_tags/Project`]: ['x', 'y'] }],
    ['a transitive key that names no tag', tagged({ Project: ['x'] }, ['Team'])],
    ['transitive keys that are a text', tagged({ Project: ['x'] }, 'Project')],
    ['a transitive key that is an object', tagged({ Project: ['x'] }, [{}])],
    [
      '51 transitive keys',
      tagged(
        { Project: ['x'] },
        Array.from({ length: 51 }, () => 'Project'),
      ),
    ],
    ['a source identity of one character', { [SOURCE]: 'a' }],
    ['a source identity of 65 characters', { [SOURCE]: 'a'.repeat(65) }],
    ['a reserved source identity', { [SOURCE]: 'aws:alice' }],
    ['a source identity with a blank', { [SOURCE]: 'alice smith' }],
    ['a source identity with two values', { [SOURCE]: ['alice', 'bob'] }],
    ['a source identity that is an object', { [SOURCE]: {} }],
  ])('refuses %s', (_, claims) => {
    expect(() => read(claims)).toThrow(FederationError);
  });

  it.each([
    ['a mapped claim with two values', { tags: { team: 'groups' } }],
    ['a mapped claim that is an object', { tags: { team: 'object' } }],
    ['a mapped tag that the token sets itself (attribute confusion)', { tags: { PROJECT: 'email' } }],
    ['a mapped source identity that differs from the token’s own', { sourceIdentity: 'email' }],
    ['a mapped source identity with two values', { sourceIdentity: 'groups' }],
  ])('refuses %s', (_, provider) => {
    const claims = {
      ...tagged({ Project: ['x'] }),
      [SOURCE]: 'alice',
      email: 'a@example.com',
      groups: ['a', 'b'],
      object: {},
    };
    expect(() => read(claims, provider)).toThrow(FederationError);
  });

  it('takes a mapped source identity that is the token’s own', () => {
    expect(read({ [SOURCE]: 'alice', email: 'alice' }, { sourceIdentity: 'email' }).sourceIdentity).toBe(
      'alice',
    );
  });
});
