import { createHmac, createSecretKey, hash, timingSafeEqual, type KeyObject } from 'node:crypto';
import { ALGORITHM, type Authorization, type CredentialScope } from './authorization.ts';
import { canonicalRequest, type PathForm } from './canonical-request.ts';
import { checkScope } from './check-scope.ts';
import { checkTimeWindow } from './check-time-window.ts';
import { generalMismatch, wordedMismatch } from './failures.ts';
import type { SignedRequest } from './signed-request.ts';

/**
 * Accepts a request whose signature was made with this secret, for this service, now, over everything that matters.
 * The caller has looked up the key and bound `authorization.sessionToken` to it. The scope is checked again here, so
 * a caller that forgets `checkScope` is slow to refuse and not open.
 * @throws `signature-mismatch`; `params.text` holds AWS's text where there is one beside the general text
 * @see SigV4, "Create a signed AWS API request"
 */
export function verifySignature(input: {
  readonly request: SignedRequest;
  readonly authorization: Authorization;
  readonly secretAccessKey: string;
  readonly nowMs: number;
  readonly service: string;
  /** `normalized` unless told. */
  readonly pathForm?: PathForm;
}): void {
  const { request, authorization, secretAccessKey, nowMs, service, pathForm = 'normalized' } = input;
  checkScope(authorization, service);
  checkTimeWindow(authorization, nowMs);
  checkSignedHeaders(request, authorization.signedHeaders);
  const payloadHash = checkedPayloadHash(request);
  const canonical = canonicalRequest(request, authorization, { payloadHash, pathForm });
  const expected = sign(canonical, authorization, secretAccessKey);
  if (!isSame(expected, authorization.signature)) throw generalMismatch('the signature is another one');
}

// What is not signed can be exchanged on the way: the host (relay to us of a request to others), the token, the body's type.
function checkSignedHeaders(request: SignedRequest, signedHeaders: readonly string[]): void {
  if (!signedHeaders.includes('host') && !signedHeaders.includes(':authority')) {
    throw wordedMismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  for (const [name] of request.headers) {
    if (mustBeSigned(name) && !signedHeaders.includes(name)) {
      throw generalMismatch(`header '${name}' is not signed`);
    }
  }
}

function mustBeSigned(name: string): boolean {
  return name === 'content-type' || name.startsWith('x-amz-');
}

// `UNSIGNED-PAYLOAD` is for S3 only: here it is just another value that is not the body's hash.
function checkedPayloadHash(request: SignedRequest): string {
  const payloadHash = hash('sha256', request.body, 'hex');
  for (const [name, value] of request.headers) {
    if (name === 'x-amz-content-sha256' && value !== payloadHash) {
      throw generalMismatch("x-amz-content-sha256 is not the body's hash");
    }
  }
  return payloadHash;
}

function sign(canonical: string, { timestamp, scope }: Authorization, secretAccessKey: string): string {
  const { date, region, service, terminator } = scope;
  const scopeText = `${date}/${region}/${service}/${terminator}`;
  const stringToSign = `${ALGORITHM}\n${timestamp.text}\n${scopeText}\n${hash('sha256', canonical, 'hex')}`;
  return createHmac('sha256', signingKey(secretAccessKey, scope)).update(stringToSign).digest('hex');
}

function signingKey(
  secretAccessKey: string,
  { date, region, service, terminator }: CredentialScope,
): KeyObject {
  const dateKey = derive(`AWS4${secretAccessKey}`, date);
  return derive(derive(derive(dateKey, region), service), terminator);
}

// Node 24 takes a key of bytes through an exception inside: as a KeyObject it costs a third of the time.
function derive(key: string | KeyObject, data: string): KeyObject {
  return createSecretKey(createHmac('sha256', key).update(data).digest());
}

// As text and not as bytes of the hexadecimal: one signature has one spelling.
function isSame(expected: string, received: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(received)];
  return left.length === right.length && timingSafeEqual(left, right);
}
