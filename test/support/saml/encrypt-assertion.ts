import {
  constants,
  createCipheriv,
  createHash,
  type KeyObject,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';

const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const XENC11 = 'http://www.w3.org/2009/xmlenc11#';

const DATA_ALGORITHMS = {
  'aes128-gcm': { uri: `${XENC11}aes128-gcm`, keyBytes: 16 },
  'aes256-gcm': { uri: `${XENC11}aes256-gcm`, keyBytes: 32 },
  'aes128-cbc': { uri: `${XENC}aes128-cbc`, keyBytes: 16 },
  'aes256-cbc': { uri: `${XENC}aes256-cbc`, keyBytes: 32 },
} as const;

/** EncryptionMethod of the key, and the hash and padding that it stands for. */
const KEY_TRANSPORTS = {
  'rsa-oaep-sha256': {
    method: `<xenc:EncryptionMethod Algorithm="${XENC11}rsa-oaep"><ds:DigestMethod Algorithm="${XENC}sha256"/><xenc11:MGF xmlns:xenc11="${XENC11}" Algorithm="${XENC11}mgf1sha256"/></xenc:EncryptionMethod>`,
    hash: 'sha256',
  },
  'rsa-oaep-sha1': {
    method: `<xenc:EncryptionMethod Algorithm="${XENC11}rsa-oaep"/>`,
    hash: 'sha1',
  },
  'rsa-oaep-mgf1p': {
    method: `<xenc:EncryptionMethod Algorithm="${XENC}rsa-oaep-mgf1p"><ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/></xenc:EncryptionMethod>`,
    hash: 'sha1',
  },
  'rsa-1_5': { method: `<xenc:EncryptionMethod Algorithm="${XENC}rsa-1_5"/>`, hash: undefined },
} as const;

export type Encryption = {
  /** The service provider's public key. */
  readonly key: KeyObject;
  readonly data?: keyof typeof DATA_ALGORITHMS;
  readonly transport?: keyof typeof KEY_TRANSPORTS;
  /** Where the EncryptedKey stands. */
  readonly place?: 'inside' | 'beside';
  /** CBC only; default: as XML Encryption 5.2.2 has it. */
  readonly pad?: (bytes: Buffer) => Buffer;
  /** What is done to the ciphertext before it is sent. */
  readonly tamper?: (ciphertext: Buffer) => Buffer;
};

/** An EncryptedAssertion that holds a text, or bytes that are none, encrypted with a fresh key. */
export function encryptAssertion(content: string | Buffer, encryption: Encryption): string {
  const { data = 'aes256-gcm', transport = 'rsa-oaep-sha256', place = 'inside' } = encryption;
  const contentKey = randomBytes(DATA_ALGORITHMS[data].keyBytes);
  const ciphertext = (encryption.tamper ?? ((bytes) => bytes))(
    encrypt(Buffer.from(content), contentKey, encryption),
  );
  const encryptedKey = `<xenc:EncryptedKey>${KEY_TRANSPORTS[transport].method}${cipherData(wrap(contentKey, encryption.key, transport))}</xenc:EncryptedKey>`;
  const keyInfo = place === 'inside' ? `<ds:KeyInfo>${encryptedKey}</ds:KeyInfo>` : '';
  return `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><xenc:EncryptedData xmlns:xenc="${XENC}" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Type="${XENC}Element"><xenc:EncryptionMethod Algorithm="${DATA_ALGORITHMS[data].uri}"/>${keyInfo}${cipherData(ciphertext)}</xenc:EncryptedData>${place === 'beside' ? encryptedKey.replace('<xenc:EncryptedKey>', `<xenc:EncryptedKey xmlns:xenc="${XENC}" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">`) : ''}</saml:EncryptedAssertion>`;
}

const cipherData = (bytes: Buffer) =>
  `<xenc:CipherData><xenc:CipherValue>${bytes.toString('base64')}</xenc:CipherValue></xenc:CipherData>`;

function wrap(contentKey: Buffer, key: KeyObject, transport: keyof typeof KEY_TRANSPORTS): Buffer {
  const { hash } = KEY_TRANSPORTS[transport];
  const padding = hash === undefined ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_OAEP_PADDING;
  return publicEncrypt({ key, padding, ...(hash === undefined ? {} : { oaepHash: hash }) }, contentKey);
}

function encrypt(bytes: Buffer, key: Buffer, { data = 'aes256-gcm', pad = padded }: Encryption): Buffer {
  if (data === 'aes128-gcm' || data === 'aes256-gcm') {
    const iv = randomBytes(12);
    const cipher = createCipheriv(data === 'aes128-gcm' ? 'aes-128-gcm' : 'aes-256-gcm', key, iv);
    return Buffer.concat([iv, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }
  const iv = randomBytes(16);
  const cipher = createCipheriv(data === 'aes128-cbc' ? 'aes-128-cbc' : 'aes-256-cbc', key, iv);
  cipher.setAutoPadding(false);
  return Buffer.concat([iv, cipher.update(pad(bytes)), cipher.final()]);
}

/** XML Encryption's padding: arbitrary bytes, then their count. */
function padded(bytes: Buffer): Buffer {
  const count = 16 - (bytes.length % 16);
  const padding = createHash('sha256').update(bytes).digest().subarray(0, count);
  padding[count - 1] = count;
  return Buffer.concat([bytes, padding]);
}
