import type { SamlProvider } from '../../domain/identity/saml-provider.ts';
import {
  MAX_TAGS,
  type SessionAttributes,
  SOURCE_IDENTITY,
  TAG_KEY,
  TAG_VALUE,
} from '../../domain/identity/session-attributes.ts';
import type { SamlAttributes } from './read-attributes.ts';
import { refuseResponse, RESPONSE_INVALID, SOURCE_IDENTITY_MALFORMED } from './refusal.ts';

/** AWS's own attributes: they steer the session. Case counts. */
export const AWS_ATTRIBUTE_PREFIX = 'https://aws.amazon.com/SAML/Attributes/';
const TAG_PREFIX = `${AWS_ATTRIBUTE_PREFIX}PrincipalTag:`;

/**
 * Session tags, transitive keys and source identity from AWS's own attributes and from the provider's mapping.
 *
 * @throws FederationError `invalid-identity-token` where a tag has several values, comes twice or breaks AWS's limits
 * @see wire-spec 4 and 5
 */
export function readSessionAttributes(attributes: SamlAttributes, provider: SamlProvider): SessionAttributes {
  const tags = collectTags([...namedTags(attributes), ...mappedTags(attributes, provider)]);
  const transitiveTagKeys = readTransitiveKeys(attributes, tags);
  const sourceIdentity = readSourceIdentity(attributes, provider);
  return { tags, transitiveTagKeys, ...(sourceIdentity === undefined ? {} : { sourceIdentity }) };
}

type TagEntry = readonly [key: string, values: readonly string[]];

function namedTags(attributes: SamlAttributes): readonly TagEntry[] {
  return [...attributes]
    .filter(([name]) => name.startsWith(TAG_PREFIX))
    .map(([name, values]) => [name.slice(TAG_PREFIX.length), values] as const);
}

/** A mapped attribute that the assertion lacks gives no tag; a policy that needs the tag then does not match. */
function mappedTags(attributes: SamlAttributes, { tags }: SamlProvider): readonly TagEntry[] {
  return Object.entries(tags)
    .map(([key, name]) => [key, attributes.get(name) ?? []] as const)
    .filter(([, values]) => values.length > 0);
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
  return Object.fromEntries(entries.map(([key, values]) => [key, tagValue(values)]));
}

function tagValue([value, ...others]: readonly string[]): string {
  if (value === undefined || others.length > 0 || !TAG_VALUE.test(value))
    throw malformed('a tag has not exactly one allowed value');
  return value;
}

/** In the spelling of the tags themselves, whatever the case in which the list names them. */
function readTransitiveKeys(
  attributes: SamlAttributes,
  tags: Readonly<Record<string, string>>,
): readonly string[] {
  const spelling = new Map(Object.keys(tags).map((key) => [key.toLowerCase(), key]));
  const wanted = attributes.get(`${AWS_ATTRIBUTE_PREFIX}TransitiveTagKeys`) ?? [];
  const keys = wanted.map((name) => spelling.get(name.toLowerCase()));
  const known = keys.filter((key) => key !== undefined);
  if (known.length < keys.length) throw malformed('a transitive key names no tag of the assertion');
  return [...new Set(known)];
}

function readSourceIdentity(attributes: SamlAttributes, provider: SamlProvider): string | undefined {
  const mapped = provider.sourceIdentity === undefined ? undefined : attributes.get(provider.sourceIdentity);
  const found = [...(attributes.get(`${AWS_ATTRIBUTE_PREFIX}SourceIdentity`) ?? []), ...(mapped ?? [])];
  const [text, ...others] = found;
  if (text === undefined) return undefined;
  // Who acted must not depend on which of two attributes is believed.
  if (others.some((other) => other !== text) || !SOURCE_IDENTITY.test(text))
    throw refuseResponse(SOURCE_IDENTITY_MALFORMED, 'the source identity is not one allowed value');
  return text;
}

function malformed(reason: string) {
  return refuseResponse(RESPONSE_INVALID, `session tags: ${reason} (wire-spec 5)`);
}
