/** A point in time as SigV4 writes it, `20150830T123600Z`, and in epoch milliseconds. */
export type Timestamp = { readonly text: string; readonly epochMs: number };

export function formatTimestamp(epochMs: number): string {
  const iso = new Date(epochMs).toISOString();
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`;
}

// Date.parse is lenient (it has a legacy grammar, and rolls 30 February over), so only what comes back unchanged counts.
export function parseBasicTimestamp(text: string): Timestamp | undefined {
  if (text.length !== 16) return undefined;
  const day = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`;
  const epochMs = Date.parse(`${day}T${text.slice(9, 11)}:${text.slice(11, 13)}:${text.slice(13)}`);
  if (Number.isNaN(epochMs) || formatTimestamp(epochMs) !== text) return undefined;
  return { text, epochMs };
}

/** The `Date` header: clients send RFC 9110's form there (botocore) and sign the basic form of the same second. */
export function parseHttpDate(text: string): Timestamp | undefined {
  const epochMs = text.length === 29 ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(epochMs) || new Date(epochMs).toUTCString() !== text) return undefined;
  return { text: formatTimestamp(epochMs), epochMs };
}
