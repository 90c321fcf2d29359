import type { OidcProvider } from '../../domain/identity/oidc-provider.ts';
import {
  collectTags,
  MAX_TAGS,
  type SessionAttributes,
  SOURCE_IDENTITY,
  spellTransitiveKeys,
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
  const tags = collectTags([...claimedTags(claims), ...mappedTags(claims, provider)], onlyText, malformed);
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

/** A scalar, or the scalar in a list of one. */
function onlyText(value: unknown): string | undefined {
  if (!Array.isArray(value)) return scalarText(value);
  return value.length === 1 ? scalarText(value[0]) : undefined;
}

function readTransitiveKeys(claims: JsonObject, tags: Readonly<Record<string, string>>): readonly string[] {
  const lists = [nestedMember(claims, 'transitive_tag_keys'), ownMember(claims, FLAT_TRANSITIVE_CLAIM)];
  const names = lists.flatMap((list) => {
    if (list === undefined) return [];
    if (!Array.isArray(list) || list.length > MAX_TAGS) throw malformed('transitive_tag_keys is not a list');
    return list.map(scalarText);
  });
  return spellTransitiveKeys(names, tags, malformed);
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
