import { incompleteSignature } from './failures.ts';
import type { Timestamp } from './timestamp.ts';

export const ALGORITHM = 'AWS4-HMAC-SHA256';

/** What a signature is good for: one day, one region, one service. */
export type CredentialScope = {
  /** `YYYYMMDD` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** `aws4_request`, once the scope is checked. */
  readonly terminator: string;
};

/** A signature and what it claims, syntactically sound and not yet verified. */
export type Authorization = {
  readonly form: 'header' | 'query';
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
  readonly signedHeaders: readonly string[];
  /** Lower-case hexadecimal where it is a signature at all. */
  readonly signature: string;
  readonly timestamp: Timestamp;
  /** As sent, also when empty. The caller binds it to the key before the signature is verified. */
  readonly sessionToken?: string;
};

export function parseCredential(text: string): Pick<Authorization, 'accessKeyId' | 'scope'> {
  const [accessKeyId, date, region, service, terminator, ...rest] = text.split('/');
  if (
    accessKeyId === undefined ||
    date === undefined ||
    region === undefined ||
    service === undefined ||
    terminator === undefined ||
    rest.length > 0
  ) {
    throw incompleteSignature(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${text}'`,
    );
  }
  return { accessKeyId, scope: { date, region, service, terminator } };
}

export function requireTimestamp(parsed: Timestamp | undefined, received: string): Timestamp {
  if (parsed !== undefined) return parsed;
  throw incompleteSignature(
    `Date must be in ISO-8601 'basic format'. Got '${received}'. See http://en.wikipedia.org/wiki/ISO_8601`,
  );
}
