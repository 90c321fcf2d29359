import { crc32 } from 'node:zlib';
import { uniqueId } from '../domain/role/unique-id.ts';
import type { Session, SessionKind, SessionPolicyLayer } from '../domain/session/session.ts';
import { packClaims, unpackClaims } from './packed-claims.ts';
import { createFieldReader, createFieldWriter, pushVarint, readVarint } from './record-fields.ts';
import type { FieldReader, FieldWriter } from './record-fields.ts';

/*
 * A record: version (1 byte) · CRC-32 of the rest, seeded with the access key id (4) · token hash (32) ·
 * lengths of the next three (varints) · sealed secret · numbers · text · claims (deflated JSON, to the end).
 * Verifying a signature reads everything but the claims, so they stay packed until somebody asks for one.
 *
 * Version 2 names the browser sign-in, last of all fields. Sessions without one stay version 1: not a byte longer, and nodes
 * that have not been upgraded yet read them.
 */
const VERSIONS = [1, 2] as const;
type Version = (typeof VERSIONS)[number];
const CHECKED_FROM = 5;
const HASH_END = 37;
const KINDS = ['assumed-role', 'session-token', 'federated-user'] as const satisfies SessionKind[];

/** The bytes that stand for a session in a store: about 500 for a GitHub Actions token with all its claims. */
export function encodeSession(session: Session): Buffer {
  if (session.tokenHash.length !== HASH_END - CHECKED_FROM) throw new RangeError('a token hash has 32 bytes');
  const { numbers, text } = writeFields(session);
  const lengths: number[] = [];
  for (const part of [session.sealedSecret, numbers, text]) pushVarint(lengths, part.length);
  const claims = packClaims(session.claims, { issuer: issuerOf(session.providerArn), text });
  const header = Buffer.alloc(CHECKED_FROM);
  const parts = [
    header,
    session.tokenHash,
    Buffer.from(lengths),
    session.sealedSecret,
    numbers,
    text,
    claims,
  ];
  const record = Buffer.concat(parts);
  record[0] = session.signInId === undefined ? 1 : 2;
  record.writeUInt32LE(checksum(session.accessKeyId, record), 1);
  return record;
}

/**
 * Reads what {@link encodeSession} wrote for this access key id; `claims` is unpacked when it is first read.
 *
 * @throws Error when the record is cut, altered, another session's or of an unknown version: never a half session.
 */
export function decodeSession(accessKeyId: string, record: Uint8Array): Session {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  try {
    return readSession(accessKeyId, bytes);
  } catch (cause) {
    throw new Error(`the stored session ${accessKeyId} cannot be read`, { cause });
  }
}

function readSession(accessKeyId: string, bytes: Buffer): Session {
  const version = parseVersion(bytes[0]);
  if (bytes.length < HASH_END) throw new Error('record is cut');
  if (bytes.readUInt32LE(1) !== checksum(accessKeyId, bytes)) throw new Error('checksum does not fit');
  const [sealedSecret, numbers, text, claims] = splitParts(bytes);
  const reader = createFieldReader(numbers, text);
  const fields = readFields(reader, version);
  reader.finish();
  let unpacked: Session['claims'] | undefined;
  return {
    accessKeyId,
    tokenHash: bytes.subarray(CHECKED_FROM, HASH_END),
    sealedSecret,
    ...fields,
    get claims() {
      return (unpacked ??= unpackClaims(claims, { issuer: issuerOf(fields.providerArn), text }));
    },
  };
}

function parseVersion(byte: number | undefined): Version {
  const version = VERSIONS.find((known) => known === byte);
  if (version === undefined) throw new Error(`unknown record version ${byte ?? 'none'}`);
  return version;
}

/** Seeded with the id, so that a record which was copied under another session's key is refused. */
function checksum(accessKeyId: string, record: Buffer): number {
  return crc32(record.subarray(CHECKED_FROM), crc32(accessKeyId));
}

function splitParts(bytes: Buffer): readonly [Buffer, Buffer, Buffer, Buffer] {
  const sealed = readVarint(bytes, HASH_END);
  const numbers = readVarint(bytes, sealed.next);
  const text = readVarint(bytes, numbers.next);
  const numbersAt = text.next + sealed.value;
  const textAt = numbersAt + numbers.value;
  const claimsAt = textAt + text.value;
  if (claimsAt > bytes.length) throw new Error('record is cut');
  return [
    bytes.subarray(text.next, numbersAt),
    bytes.subarray(numbersAt, textAt),
    bytes.subarray(textAt, claimsAt),
    bytes.subarray(claimsAt),
  ];
}

/** {@link readFields} must follow it step for step, with the same guesses. */
function writeFields(session: Session): { readonly numbers: Buffer; readonly text: Buffer } {
  const writer = createFieldWriter();
  writer.number(KINDS.indexOf(session.kind));
  writer.number(session.issuedAtMs);
  writer.number(session.expiresAtMs);
  writeSignInEnd(writer, session);
  writer.optionalNumber(session.mfaAuthenticatedAtMs);
  writer.optionalText(session.providerArn, IAM_ARN);
  writer.text(session.person, guessPerson(session.providerArn));
  writer.text(session.issuerArn, session.providerArn ?? IAM_ARN);
  writer.text(session.principalArn, guessPrincipal(session.issuerArn));
  writer.text(session.account, accountOf(session.principalArn));
  writer.text(session.issuerId, guessIssuerId(session.kind, session.issuerArn));
  writer.text(session.userId, guessUserId(session.issuerId, session.principalArn));
  writer.optionalText(session.sourceIdentity);
  writer.texts(Object.entries(session.tags).flat());
  writer.texts(session.transitiveTagKeys);
  writer.number(session.sessionPolicies.length);
  for (const layer of session.sessionPolicies) writeLayer(writer, layer);
  if (session.signInId !== undefined) writer.text(session.signInId);
  return writer.finish();
}

function readFields(
  reader: FieldReader,
  version: Version,
): Omit<Session, 'accessKeyId' | 'tokenHash' | 'sealedSecret' | 'claims'> {
  const kind = KINDS[reader.number()];
  if (kind === undefined) throw new Error('unknown kind of session');
  const [issuedAtMs, expiresAtMs] = [reader.number(), reader.number()];
  const signInExpiresAtMs = readSignInEnd(reader, expiresAtMs);
  const mfaAuthenticatedAtMs = reader.optionalNumber();
  const providerArn = reader.optionalText(IAM_ARN);
  const person = reader.text(guessPerson(providerArn));
  const issuerArn = reader.text(providerArn ?? IAM_ARN);
  const principalArn = reader.text(guessPrincipal(issuerArn));
  const account = reader.text(accountOf(principalArn));
  const issuerId = reader.text(guessIssuerId(kind, issuerArn));
  const userId = reader.text(guessUserId(issuerId, principalArn));
  const sourceIdentity = reader.optionalText();
  return {
    ...{ kind, account, principalArn, userId, issuerArn, issuerId, issuedAtMs, expiresAtMs, person },
    ...(signInExpiresAtMs === undefined ? {} : { signInExpiresAtMs }),
    ...(mfaAuthenticatedAtMs === undefined ? {} : { mfaAuthenticatedAtMs }),
    ...(providerArn === undefined ? {} : { providerArn }),
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    tags: toTags(reader.texts()),
    transitiveTagKeys: reader.texts(),
    sessionPolicies: readLayers(reader),
    ...(version === 1 ? {} : { signInId: reader.text() }),
  };
}

/** The end of the sign-in: 0 where there is none, 1 for the session's own end, which it mostly is, else 2 and the time. */
function writeSignInEnd(writer: FieldWriter, { signInExpiresAtMs, expiresAtMs }: Session): void {
  if (signInExpiresAtMs === undefined) writer.number(0);
  else if (signInExpiresAtMs === expiresAtMs) writer.number(1);
  else {
    writer.number(2);
    writer.number(signInExpiresAtMs);
  }
}

function readSignInEnd(reader: FieldReader, expiresAtMs: number): number | undefined {
  const form = reader.number();
  if (form > 2) throw new Error('unknown form of a time');
  if (form === 0) return undefined;
  return form === 1 ? expiresAtMs : reader.number();
}

// What a text most often begins with, told from those before it. A wrong guess costs bytes, nothing else; but a guess is
// part of the format: to change one takes a new record version.
const IAM_ARN = 'arn:aws:iam::';

function guessPerson(providerArn: string | undefined): string {
  return providerArn === undefined ? IAM_ARN : `${providerArn} `;
}

function guessPrincipal(issuerArn: string): string {
  return `arn:aws:sts::${accountOf(issuerArn)}:assumed-role/${nameOf(issuerArn)}/`;
}

function guessIssuerId(kind: SessionKind, issuerArn: string): string {
  return uniqueId(kind === 'assumed-role' ? 'AROA' : 'AIDA', issuerArn);
}

function guessUserId(issuerId: string, principalArn: string): string {
  return `${issuerId}:${nameOf(principalArn)}`;
}

function accountOf(arn: string): string {
  return arn.split(':', 5)[4] ?? '';
}

/** `idp.example.com/realm` of `…:oidc-provider/idp.example.com/realm`; condition keys are in lower case. */
function issuerOf(providerArn: string | undefined): string {
  return providerArn === undefined ? '' : providerArn.slice(providerArn.indexOf('/') + 1).toLowerCase();
}

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

function writeLayer(writer: FieldWriter, layer: SessionPolicyLayer): void {
  writer.optionalText(layer.inline);
  writer.texts(layer.managedArns);
}

function readLayers(reader: FieldReader): SessionPolicyLayer[] {
  const layers: SessionPolicyLayer[] = [];
  for (let left = reader.number(); left > 0; left -= 1) {
    const inline = reader.optionalText();
    layers.push({ ...(inline === undefined ? {} : { inline }), managedArns: reader.texts() });
  }
  return layers;
}

function toTags(flat: readonly string[]): Record<string, string> {
  const tags: [string, string][] = [];
  for (let at = 0; at < flat.length; at += 2) {
    const [key, value] = [flat[at], flat[at + 1]];
    if (key === undefined || value === undefined) throw new Error('a tag lacks its value');
    tags.push([key, value]);
  }
  return Object.fromEntries(tags);
}
