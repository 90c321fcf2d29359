import type { OidcProvider } from '../../domain/identity/oidc-provider.ts';
import {
  MAX_TAGS,
  type SessionAttributes,
  SOURCE_IDENTITY,
  TAG_KEY,
  TAG_VALUE,
} from '../../domain/identity/session-attributes.ts';
import { readClaim } from './claim-path.ts';
import { scalarText } from './condition-keys.ts';
import { isJsonObject, type JsonObject, ownMember } from './json-object.ts';
import { refuseToken } from './refusal.ts';

const TAGS_CLAIM = 'https://aws.amazon.com/tags';
const FLAT_TAG_PREFIX = `${TAGS_CLAIM}/principal_tags/`;
const FLAT_TRANSITIVE_CLAIM = `${TAGS_CLAIM}/transitive_tag_keys`;
const SOURCE_IDENTITY_CLAIM = 'https://aws.amazon.com/source_identity';

/**
 * Session tags, transitive keys and source identity from AWS's own claims and from the provider's mapping.
 *
 * @throws FederationError `invalid-identity-token` where a tag has several values, comes twice or breaks AWS's limits
 * @see wire-spec 3.4 and 5
 */
export function readSessionAttributes(claims: JsonObject, provider: OidcProvider): SessionAttributes {
  const tags = collectTags([...claimedTags(claims), ...mappedTags(claims, provider)]);
  const transitiveTagKeys = readTransitiveKeys(claims, tags);
  const sourceIdentity = readSourceIdentity(claims, provider);
  return { tags, transitiveTagKeys, ...(sourceIdentity === undefined ? {} : { sourceIdentity }) };
}

type TagEntry = readonly [key: string, value: unknown];

function claimedTags(claims: JsonObject): TagEntry[] {
  const nested = nestedMember(claims, 'principal_tags') ?? {};
  if (!isJsonObject(nested)) throw malformed('principal_tags is not an object');
  const flat = Object.keys(claims).filter((name) => name.startsWith(FLAT_TAG_PREFIX));
  return [
    ...Object.entries(nested),
    ...flat.map((name): TagEntry => [name.slice(FLAT_TAG_PREFIX.length), claims[name]]),
  ];
}

function nestedMember(claims: JsonObject, name: string): unknown {
  const container = ownMember(claims, TAGS_CLAIM);
  if (container !== undefined && !isJsonObject(container)) throw malformed('the tags claim is not an object');
  return ownMember(container, name);
}

/** A mapped claim that the token lacks gives no tag; a policy that needs the tag then does not match. */
function mappedTags(claims: JsonObject, provider: OidcProvider): TagEntry[] {
  return Object.entries(provider.tags)
    .map(([key, path]): TagEntry => [key, readClaim(claims, path)])
    .filter(([, value]) => value !== undefined && value !== null);
}

function collectTags(entries: readonly TagEntry[]): Readonly<Record<string, string>> {
  if (entries.length > MAX_TAGS) throw malformed('too many tags');
  const seen = new Set<string>();
  for (const [key] of entries) {
    const name = key.toLowerCase();
    if (!TAG_KEY.test(key) || name.startsWith('aws:')) throw malformed('a tag key is not allowed');
    // Tag keys compare without case. A tag from two places must not depend on which one is read last.
    if (seen.has(name)) throw malformed('a tag comes twice');
    seen.add(name);
  }
  return Object.fromEntries(entries.map(([key, value]) => [key, tagValue(value)]));
}

function tagValue(value: unknown): string {
  const text = onlyText(value);
  if (text === undefined || !TAG_VALUE.test(text)) throw malformed('a tag has not exactly one allowed value');
  return text;
}

/** A scalar, or the scalar in a list of one. */
function onlyText(value: unknown): string | undefined {
  if (!Array.isArray(value)) return scalarText(value);
  return value.length === 1 ? scalarText(value[0]) : undefined;
}

/** In the spelling of the tags themselves, whatever the case in which the list names them. */
function readTransitiveKeys(claims: JsonObject, tags: Readonly<Record<string, string>>): readonly string[] {
  const spelling = new Map(Object.keys(tags).map((key) => [key.toLowerCase(), key]));
  const lists = [nestedMember(claims, 'transitive_tag_keys'), ownMember(claims, FLAT_TRANSITIVE_CLAIM)];
  const keys = lists.flatMap((list) => {
    if (list === undefined) return [];
    if (!Array.isArray(list) || list.length > MAX_TAGS) throw malformed('transitive_tag_keys is not a list');
    return list.map((name) => spelling.get(scalarText(name)?.toLowerCase() ?? ''));
  });
  const known = keys.filter((key) => key !== undefined);
  if (known.length !== keys.length) throw malformed('a transitive key names no tag of the token');
  return [...new Set(known)];
}

function readSourceIdentity(claims: JsonObject, provider: OidcProvider): string | undefined {
  const path = provider.sourceIdentity;
  const mapped = path === undefined ? undefined : readClaim(claims, path);
  const found = [ownMember(claims, SOURCE_IDENTITY_CLAIM), mapped].filter(
    (v) => v !== undefined && v !== null,
  );
  if (found.length === 0) return undefined;
  const texts = found.map(onlyText);
  const [text] = texts;
  // Who acted must not depend on which of two claims is believed.
  if (text === undefined || texts.some((other) => other !== text) || !SOURCE_IDENTITY.test(text)) {
    throw malformed('the source identity is not one allowed value');
  }
  return text;
}

function malformed(reason: string) {
  return refuseToken('The session tags or the source identity in the token are malformed', reason);
}
