import type { SamlProvider } from '../../domain/identity/saml-provider.ts';
import {
  collectTags,
  type SessionAttributes,
  SOURCE_IDENTITY,
  spellTransitiveKeys,
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
  const entries = [...namedTags(attributes), ...mappedTags(attributes, provider)];
  const tags = collectTags(entries, onlyText, malformed);
  const wanted = attributes.get(`${AWS_ATTRIBUTE_PREFIX}TransitiveTagKeys`) ?? [];
  const transitiveTagKeys = spellTransitiveKeys(wanted, tags, malformed);
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

function onlyText([value, ...others]: readonly string[]): string | undefined {
  return others.length > 0 ? undefined : value;
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
