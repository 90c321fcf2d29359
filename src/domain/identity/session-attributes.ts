/** What a proof sets on the session. */
export type SessionAttributes = {
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveTagKeys: readonly string[];
  readonly sourceIdentity?: string;
};

/** AWS's limits for what a proof may set (wire-spec 1.5 and 5); keys that begin with `aws:` are reserved. */
export const MAX_TAGS = 50;
export const TAG_KEY = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
export const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;
export const SOURCE_IDENTITY = /^[\w+=,.@-]{2,64}$/;
