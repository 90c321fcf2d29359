/** What a proof sets on the session. */
export type SessionAttributes = {
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveTagKeys: readonly string[];
  readonly sourceIdentity?: string;
};

/** AWS's limits for what a proof may set (wire-spec 1.5 and 5); keys that begin with `aws:` are reserved. */
export const MAX_TAGS = 50;
const TAG_KEY = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;
export const SOURCE_IDENTITY = /^[\w+=,.@-]{2,64}$/;

/** Words a refusal of the proof; `reason` is for our logs. */
type Malformed = (reason: string) => Error;

/**
 * The tags of a proof, from all places that carry any.
 *
 * @param onlyText a tag's one value; `undefined` where it has none or several
 * @throws what `malformed` makes, where a tag comes twice, has not exactly one value or breaks AWS's limits
 */
export function collectTags<T>(
  entries: readonly (readonly [key: string, value: T])[],
  onlyText: (value: T) => string | undefined,
  malformed: Malformed,
): Readonly<Record<string, string>> {
  if (entries.length > MAX_TAGS) throw malformed('too many tags');
  const seen = new Set<string>();
  for (const [key] of entries) {
    const name = key.toLowerCase();
    if (!TAG_KEY.test(key) || name.startsWith('aws:')) throw malformed('a tag key is not allowed');
    // Tag keys compare without case. A tag from two places must not depend on which one is read last.
    if (seen.has(name)) throw malformed('a tag comes twice');
    seen.add(name);
  }
  const tagValue = (value: T): string => {
    const text = onlyText(value);
    if (text !== undefined && TAG_VALUE.test(text)) return text;
    throw malformed('a tag has not exactly one allowed value');
  };
  return Object.fromEntries(entries.map(([key, value]) => [key, tagValue(value)]));
}

/**
 * Transitive keys in the spelling of the tags themselves, whatever the case in which the proof names them.
 *
 * @throws what `malformed` makes, where a name is no tag's
 */
export function spellTransitiveKeys(
  names: readonly (string | undefined)[],
  tags: Readonly<Record<string, string>>,
  malformed: Malformed,
): readonly string[] {
  const spelling = new Map(Object.keys(tags).map((key) => [key.toLowerCase(), key]));
  const keys = names.map((name) => spelling.get(name?.toLowerCase() ?? ''));
  const known = keys.filter((key) => key !== undefined);
  if (known.length !== keys.length) throw malformed('a transitive key names no tag of the proof');
  return [...new Set(known)];
}
