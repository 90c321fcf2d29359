import { hash } from 'node:crypto';
import { ALGORITHM, parseCredential, requireTimestamp, type Authorization } from './authorization.ts';
import { incompleteSignature } from './failures.ts';
import { singleHeader, type SignedRequest } from './signed-request.ts';
import { parseBasicTimestamp, parseHttpDate, type Timestamp } from './timestamp.ts';

const REQUIRED = ['Credential', 'Signature', 'SignedHeaders'] as const;

/** Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…` and the headers that belong to it. */
export function parseHeaderForm(request: SignedRequest, header: string): Authorization {
  const parameters = splitParameters(header);
  const timestamp = readTimestamp(request);
  const [credential, signature, signedHeaders] = REQUIRED.map((name) => parameters.get(name) ?? '');
  if (!credential || !signature || !signedHeaders || timestamp === undefined) {
    throw missingParts(parameters, timestamp, header);
  }
  const sessionToken = singleHeader(request, 'x-amz-security-token');
  return {
    form: 'header',
    ...parseCredential(credential),
    signedHeaders: signedHeaders.split(';'),
    signature,
    timestamp,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

function splitParameters(header: string): ReadonlyMap<string, string> {
  const algorithm = header.split(' ', 1)[0] ?? '';
  if (algorithm !== ALGORITHM) throw incompleteSignature(`Unsupported AWS 'algorithm': '${algorithm}'.`);
  const parameters = new Map<string, string>();
  for (const part of header.slice(algorithm.length).split(',')) {
    const [name, value] = splitParameter(part, header);
    // Fail closed: whatever an unknown or second parameter is for, it is not for us.
    if (!isKnown(name) || parameters.has(name)) {
      throw incompleteSignature(
        `Authorization header has an unexpected '${name}' parameter. ${hashed(header)}`,
      );
    }
    parameters.set(name, value);
  }
  return parameters;
}

function splitParameter(part: string, header: string): readonly [name: string, value: string] {
  const equals = part.indexOf('=');
  if (equals >= 0) return [stripBlanks(part.slice(0, equals)), stripBlanks(part.slice(equals + 1))];
  throw incompleteSignature(
    `Invalid key=value pair (missing equal-sign) in Authorization header ${hashed(header)}`,
  );
}

// Not trim(): it would also take control characters and Unicode blanks, which another parser reads as part of the value.
function stripBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (text[start] === ' ') start += 1;
  while (end > start && text[end - 1] === ' ') end -= 1;
  return text.slice(start, end);
}

function isKnown(name: string): boolean {
  return REQUIRED.some((required) => required === name);
}

function readTimestamp(request: SignedRequest): Timestamp | undefined {
  const amzDate = singleHeader(request, 'x-amz-date');
  if (amzDate !== undefined) return requireTimestamp(parseBasicTimestamp(amzDate), amzDate);
  const date = singleHeader(request, 'date');
  if (date === undefined) return undefined;
  return requireTimestamp(parseBasicTimestamp(date) ?? parseHttpDate(date), date);
}

function missingParts(
  parameters: ReadonlyMap<string, string>,
  timestamp: Timestamp | undefined,
  header: string,
): Error {
  const faults = REQUIRED.filter((name) => !parameters.get(name)).map(
    (name) => `Authorization header requires '${name}' parameter.`,
  );
  if (timestamp === undefined) {
    faults.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  return incompleteSignature(`${faults.join(' ')} ${hashed(header)}`);
}

// AWS stopped repeating the header itself: what was put there by mistake may be another system's secret.
function hashed(header: string): string {
  return `(Hashed with SHA-256 and encoded with Base64) Authorization=${hash('sha256', header, 'base64')}`;
}
