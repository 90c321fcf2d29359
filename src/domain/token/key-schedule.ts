const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How long others may keep our key set. */
export const JWKS_MAX_AGE_SECONDS = 900;

/** How often every node reads the ring anew. */
export const RING_REFRESH_MS = MINUTE_MS;

/** A node that could not read the ring for this long signs nothing any more: the others may have gone on without it. */
export const RING_MAX_STALE_MS = 30 * MINUTE_MS;

/**
 * How long a key is published before it signs: longer than the oldest ring of a node and the oldest copy of its key set
 * together, with a quarter of an hour for clocks that differ. So whoever meets the first signature knows the key.
 */
export const PUBLISH_AHEAD_MS = HOUR_MS;

/** The longest life of a token, as the longest of sessions. */
export const LONGEST_TOKEN_MS = 12 * HOUR_MS;

/** How long a retired key stays published: for the last token that it signed, for clocks that differ and for verifiers' leeway. */
export const RETIRED_MS = LONGEST_TOKEN_MS + 15 * MINUTE_MS;

/** How long the private part of a retired key is kept, for nodes whose clock is behind. */
export const RETIRED_PRIVATE_MS = 15 * MINUTE_MS;
