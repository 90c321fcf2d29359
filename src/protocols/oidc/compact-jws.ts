import { type JsonObject, parseJsonObject } from './json-object.ts';
import { NOT_A_JWT, refuseToken } from './refusal.ts';

/** The three parts of a compact serialization, decoded; nothing in it is verified yet. */
export type CompactJws = {
  readonly token: string;
  /** What the signature covers: `<header>.<payload>`, both base64url. */
  readonly signingInput: string;
  readonly header: JsonObject;
  readonly payload: Buffer;
  readonly signature: Buffer;
};

const MAX_TOKEN_CHARS = 20_000;

/**
 * Header parameters with which a token brings its own key or changes what the signature means. Keys come from the
 * provider alone (RFC 8725 3.10), and no extension is understood, so none may be critical (RFC 7515 4.1.11).
 */
const REFUSED_PARAMETERS = ['crit', 'b64', 'jwk', 'jku', 'x5u', 'x5c'];

/**
 * Splits and decodes a compact JWS of at most 20,000 characters.
 *
 * @throws FederationError `invalid-identity-token`
 * @see RFC 7515 7.1
 */
export function parseCompactJws(token: string): CompactJws {
  if (token.length > MAX_TOKEN_CHARS) throw refuseToken(NOT_A_JWT, 'token is too long');
  const [header, payload, signature, ...rest] = token.split('.', 4);
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) {
    throw refuseToken(NOT_A_JWT, 'token has not three parts');
  }
  return {
    token,
    signature: decodeSegment(signature),
    signingInput: token.slice(0, header.length + 1 + payload.length),
    header: parseHeader(header),
    payload: decodeSegment(payload),
  };
}

function parseHeader(segment: string): JsonObject {
  const header = parseJsonObject(decodeSegment(segment));
  const refused = REFUSED_PARAMETERS.find((name) => Object.hasOwn(header, name));
  if (refused !== undefined) throw refuseToken(NOT_A_JWT, `header has ${refused}`);
  return header;
}

/** Only the one canonical spelling: decoders that skip blanks, padding or stray bits let one proof look like many. */
function decodeSegment(segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  if (bytes.toString('base64url') !== segment) throw refuseToken(NOT_A_JWT, 'segment is not base64url');
  return bytes;
}
