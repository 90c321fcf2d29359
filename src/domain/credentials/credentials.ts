import { BASE32 } from '../session/bucket.ts';

/** What a client walks away with. */
export type Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAtMs: number;
};

/** `length` random bytes. */
export type Random = (length: number) => Uint8Array;

const SECRET_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const SECRET_LENGTH = 40;
/** 96 bytes give 128 characters of base64; clients expect a session token of 100 or more (wire-spec 2). */
const TOKEN_BYTES = 96;
const EXPIRY_BYTES = 5;

/**
 * A new access key id: `ASIA` and 16 of A–Z2–7, whose first bits name the account, as AWS's do (wire-spec 2).
 *
 * @param lastCharacter where the bucket of a single-use mark decides it
 */
export function createAccessKeyId(account: string, random: Random, lastCharacter?: string): string {
  const bytes = random(10);
  // 48 bits: one set bit, 40 of account, 7 of randomness.
  const prefix = (1n << 47n) | (BigInt(account) << 7n) | BigInt((bytes[5] ?? 0) & 0x7f);
  for (let index = 0; index < 6; index++) bytes[index] = Number((prefix >> BigInt(8 * (5 - index))) & 0xffn);
  const id = `ASIA${base32(bytes)}`;
  return lastCharacter === undefined ? id : id.slice(0, -1) + lastCharacter;
}

/** The account that an access key id names: twelve digits, or `undefined` for an id of another form. */
export function accountOfAccessKeyId(accessKeyId: string): string | undefined {
  if (!/^A[SK]IA[A-Z2-7]{16}$/.test(accessKeyId)) return undefined;
  let bits = 0n;
  for (const character of accessKeyId.slice(4, 14)) bits = (bits << 5n) | BigInt(BASE32.indexOf(character));
  const account = ((bits >> 2n) & 0x7fff_ffff_ff80n) >> 7n;
  return account.toString().padStart(12, '0');
}

/** 40 letters and digits: no `+` or `/`, which make shells and `special-characters-workaround` stumble (wire-spec 1.8). */
export function createSecretAccessKey(random: Random): string {
  let secret = '';
  while (secret.length < SECRET_LENGTH) {
    for (const byte of random(SECRET_LENGTH + 16)) {
      // 248 is the largest multiple of 62 in a byte: above it letters would not be equally likely.
      if (byte < 248 && secret.length < SECRET_LENGTH) secret += SECRET_ALPHABET.charAt(byte % 62);
    }
  }
  return secret;
}

/**
 * Random, but for its last five bytes: the end of the session in epoch seconds, so that a token whose session the store has
 * forgotten can be told from one that never was. They prove nothing and open nothing.
 */
export function createSessionToken(random: Random, expiresAtMs: number): string {
  const token = Buffer.from(random(TOKEN_BYTES));
  token.writeUIntBE(Math.floor(expiresAtMs / 1000), TOKEN_BYTES - EXPIRY_BYTES, EXPIRY_BYTES);
  return token.toString('base64');
}

/** What a session token says of its end, epoch milliseconds; `undefined` for a token of another form. */
export function claimedExpiryOf(sessionToken: string): number | undefined {
  const token = Buffer.from(sessionToken, 'base64');
  if (token.length !== TOKEN_BYTES) return undefined;
  return token.readUIntBE(TOKEN_BYTES - EXPIRY_BYTES, EXPIRY_BYTES) * 1000;
}

function base32(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32.charAt((buffer >> (bits - 5)) & 31);
    buffer &= (1 << bits) - 1;
  }
  return text;
}
