import { constants, createDecipheriv, type KeyObject, privateDecrypt } from 'node:crypto';
import type { SamlEncryptionAlgorithm } from '../../domain/identity/saml-provider.ts';
import { XML_ENCRYPTION, XML_ENCRYPTION_11, XML_SIGNATURE } from './namespaces.ts';
import {
  attributeOf,
  childrenNamed,
  optionalChild,
  parseXml,
  requiredAttribute,
  requiredChild,
  textOf,
} from './xml-document.ts';
import { XmlError } from './xml-error.ts';

export type DecryptionTrust = {
  /** Private RSA keys, each of which is tried. */
  readonly keys: readonly KeyObject[];
  readonly algorithms: readonly SamlEncryptionAlgorithm[];
};

type DataCipher = {
  readonly algorithm: SamlEncryptionAlgorithm;
  readonly name: 'aes-128-gcm' | 'aes-256-gcm' | 'aes-128-cbc' | 'aes-256-cbc';
};
type OaepHash = 'sha1' | 'sha256' | 'sha384' | 'sha512';
type WrappedKey = { readonly bytes: Buffer; readonly oaepHash: OaepHash };

const DATA_CIPHERS: ReadonlyMap<string, DataCipher> = new Map<string, DataCipher>([
  [`${XML_ENCRYPTION_11}aes128-gcm`, { algorithm: 'aes128-gcm', name: 'aes-128-gcm' }],
  [`${XML_ENCRYPTION_11}aes256-gcm`, { algorithm: 'aes256-gcm', name: 'aes-256-gcm' }],
  [`${XML_ENCRYPTION}aes128-cbc`, { algorithm: 'aes128-cbc', name: 'aes-128-cbc' }],
  [`${XML_ENCRYPTION}aes256-cbc`, { algorithm: 'aes256-cbc', name: 'aes-256-cbc' }],
]);
const OAEP_DIGESTS: ReadonlyMap<string, OaepHash> = new Map<string, OaepHash>([
  ['http://www.w3.org/2000/09/xmldsig#sha1', 'sha1'],
  [`${XML_ENCRYPTION}sha256`, 'sha256'],
  ['http://www.w3.org/2001/04/xmldsig-more#sha384', 'sha384'],
  [`${XML_ENCRYPTION}sha512`, 'sha512'],
]);
const MASK_FUNCTIONS: ReadonlyMap<string, OaepHash> = new Map<string, OaepHash>([
  [`${XML_ENCRYPTION_11}mgf1sha1`, 'sha1'],
  [`${XML_ENCRYPTION_11}mgf1sha256`, 'sha256'],
  [`${XML_ENCRYPTION_11}mgf1sha384`, 'sha384'],
  [`${XML_ENCRYPTION_11}mgf1sha512`, 'sha512'],
]);
/** A private key operation each: a message full of them would keep us busy. */
const MAX_WRAPPED_KEYS = 4;
const GCM_IV_BYTES = 12;
const GCM_TAG_BYTES = 16;
const BLOCK_BYTES = 16;

/**
 * Decrypts an EncryptedAssertion: its text and the root element within. What comes out is unverified.
 *
 * However it fails, callers must answer as for a false signature: which step failed would be a padding oracle.
 *
 * @throws XmlError where an algorithm is not one of the provider's, or none of the keys opens it
 * @see SAML Core 6, XML Encryption 1.1 5.2, 5.5
 */
export function decryptAssertion(
  encrypted: Element,
  { keys, algorithms }: DecryptionTrust,
): { readonly xml: string; readonly root: Element } {
  const data = requiredChild(encrypted, XML_ENCRYPTION, 'EncryptedData');
  const cipher = readDataCipher(data, algorithms);
  const wrappedKeys = encryptedKeysOf(encrypted, data).map((key) => readWrappedKey(key, algorithms));
  const contentKey = unwrap(wrappedKeys, keys);
  try {
    const plaintext = decipher(cipher, contentKey, cipherValueOf(data));
    const xml = new TextDecoder('utf-8', { fatal: true }).decode(plaintext);
    return { xml, root: parseXml(xml) };
  } catch (cause) {
    throw new XmlError('has an EncryptedAssertion that does not decrypt to plain XML', { cause });
  }
}

function readDataCipher(data: Element, algorithms: readonly SamlEncryptionAlgorithm[]): DataCipher {
  const type = attributeOf(data, 'Type') ?? `${XML_ENCRYPTION}Element`;
  if (type !== `${XML_ENCRYPTION}Element`) throw new XmlError('has EncryptedData that is no element');
  const method = requiredChild(data, XML_ENCRYPTION, 'EncryptionMethod');
  const cipher = DATA_CIPHERS.get(requiredAttribute(method, 'Algorithm'));
  return allowed(cipher, algorithms, 'data');
}

function allowed<Named extends { readonly algorithm: SamlEncryptionAlgorithm }>(
  found: Named | undefined,
  algorithms: readonly SamlEncryptionAlgorithm[],
  what: string,
): Named {
  if (found !== undefined && algorithms.includes(found.algorithm)) return found;
  throw new XmlError(`has its ${what} encrypted with none of the provider’s encryptionAlgorithms`);
}

/** Within the data's KeyInfo, or beside the data, as identity providers do either (SAML Core 6.1). */
function encryptedKeysOf(encrypted: Element, data: Element): readonly Element[] {
  const keyInfo = optionalChild(data, XML_SIGNATURE, 'KeyInfo');
  const keys = [...(keyInfo === undefined ? [] : [keyInfo]), encrypted].flatMap((parent) =>
    childrenNamed(parent, XML_ENCRYPTION, 'EncryptedKey'),
  );
  if (keys.length === 0 || keys.length > MAX_WRAPPED_KEYS)
    throw new XmlError('has an EncryptedAssertion with no EncryptedKey, or with too many');
  return keys;
}

function readWrappedKey(key: Element, algorithms: readonly SamlEncryptionAlgorithm[]): WrappedKey {
  const method = requiredChild(key, XML_ENCRYPTION, 'EncryptionMethod');
  const found = allowed(readOaep(method), algorithms, 'key');
  return { bytes: cipherValueOf(key), oaepHash: found.oaepHash };
}

/** OAEP with SHA-1 goes by the name of its older identifier, whichever of the two the message uses. */
function readOaep(
  method: Element,
): { readonly algorithm: SamlEncryptionAlgorithm; readonly oaepHash: OaepHash } | undefined {
  const digest = optionalChild(method, XML_SIGNATURE, 'DigestMethod');
  const mask = optionalChild(method, XML_ENCRYPTION_11, 'MGF');
  const oaepHash = digest === undefined ? 'sha1' : OAEP_DIGESTS.get(requiredAttribute(digest, 'Algorithm'));
  const maskHash = mask === undefined ? 'sha1' : MASK_FUNCTIONS.get(requiredAttribute(mask, 'Algorithm'));
  const uri = requiredAttribute(method, 'Algorithm');
  const isOaep =
    uri === `${XML_ENCRYPTION_11}rsa-oaep` ||
    (uri === `${XML_ENCRYPTION}rsa-oaep-mgf1p` && mask === undefined);
  // OpenSSL is asked for one hash, which it uses for both; a label (OAEPparams) nobody sends.
  if (!isOaep || oaepHash === undefined || oaepHash !== maskHash) return undefined;
  return { algorithm: oaepHash === 'sha1' ? 'rsa-oaep-mgf1p' : 'rsa-oaep', oaepHash };
}

function cipherValueOf(element: Element): Buffer {
  const data = requiredChild(element, XML_ENCRYPTION, 'CipherData');
  return Buffer.from(textOf(requiredChild(data, XML_ENCRYPTION, 'CipherValue')), 'base64');
}

function unwrap(wrapped: readonly WrappedKey[], keys: readonly KeyObject[]): Buffer {
  for (const { bytes, oaepHash } of wrapped) {
    for (const key of keys) {
      const contentKey = tryUnwrap(key, oaepHash, bytes);
      if (contentKey !== undefined) return contentKey;
    }
  }
  throw new XmlError('has an EncryptedAssertion that none of our keys opens');
}

function tryUnwrap(key: KeyObject, oaepHash: OaepHash, bytes: Buffer): Buffer | undefined {
  try {
    return privateDecrypt({ key, oaepHash, padding: constants.RSA_PKCS1_OAEP_PADDING }, bytes);
  } catch {
    return undefined;
  }
}

function decipher({ name }: DataCipher, key: Buffer, bytes: Buffer): Buffer {
  return name === 'aes-128-gcm' || name === 'aes-256-gcm'
    ? decipherGcm(name, key, bytes)
    : withoutPadding(decipherCbc(name, key, bytes));
}

function decipherGcm(name: 'aes-128-gcm' | 'aes-256-gcm', key: Buffer, bytes: Buffer): Buffer {
  const tagAt = bytes.length - GCM_TAG_BYTES;
  // Without this the cipher takes a shorter tag, too, which a forger can guess.
  const cipher = createDecipheriv(name, key, bytes.subarray(0, GCM_IV_BYTES), {
    authTagLength: GCM_TAG_BYTES,
  });
  cipher.setAuthTag(bytes.subarray(tagAt));
  return Buffer.concat([cipher.update(bytes.subarray(GCM_IV_BYTES, tagAt)), cipher.final()]);
}

function decipherCbc(name: string, key: Buffer, bytes: Buffer): Buffer {
  const cipher = createDecipheriv(name, key, bytes.subarray(0, BLOCK_BYTES));
  // XML Encryption pads with arbitrary bytes and a count (5.2.2), not as PKCS 7 does.
  cipher.setAutoPadding(false);
  return Buffer.concat([cipher.update(bytes.subarray(BLOCK_BYTES)), cipher.final()]);
}

function withoutPadding(padded: Buffer): Buffer {
  const count = padded.at(-1) ?? 0;
  if (count < 1 || count > BLOCK_BYTES) throw new XmlError('has a ciphertext whose padding is wrong');
  return padded.subarray(0, -count);
}
