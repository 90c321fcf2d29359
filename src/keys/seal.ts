import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { MasterKey, MasterKeyRing } from './master-key.ts';
import { createRandom } from './random.ts';

const ALGORITHM = 'aes-256-gcm';
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals what is kept at rest. */
export type Sealer = {
  /** `context` says what the value belongs to, e.g. `session:ASIA…`; the value opens in the same context only. */
  readonly seal: (plaintext: Uint8Array | string, context: string) => Uint8Array;
  /** Throws an `Error` for any change, an unknown key or another context. */
  readonly open: (sealed: Uint8Array, context: string) => Buffer;
  /** Whether the key that seals now sealed it; what lives long is to be sealed anew, before its key leaves the ring. */
  readonly isCurrent: (sealed: Uint8Array) => boolean;
};

type Opener = { readonly header: Buffer; readonly key: KeyObject };

/**
 * AES-256-GCM under the ring's first key; layout: version ‖ key id's length ‖ key id ‖ 96-bit nonce ‖ ciphertext ‖ tag.
 * Nonces are random, so a key must be rotated before 2³² seals.
 * @see NIST SP 800-38D 8.2.2 and 8.3
 */
export function createSealer(ring: MasterKeyRing): Sealer {
  const openers = new Map(ring.map((entry) => [entry.id, { header: headerOf(entry), key: entry.key }]));
  const sealing = { header: headerOf(ring[0]), key: ring[0].key };
  const random = createRandom();
  return {
    seal: (plaintext, context) => seal(sealing, { plaintext, context, nonce: random(NONCE_BYTES) }),
    open: (sealed, context) => open(openers, sealed, context),
    isCurrent: (sealed) => sealing.header.equals(sealed.subarray(0, sealing.header.length)),
  };
}

function headerOf({ id }: MasterKey): Buffer {
  return Buffer.concat([Buffer.from([VERSION, id.length]), Buffer.from(id, 'latin1')]);
}

// The context keeps one row's secret from being put into another row; the header, a value from naming another key.
function associatedData(header: Buffer, context: string): Buffer {
  return Buffer.concat([header, Buffer.from(context, 'utf8')]);
}

type SealInput = {
  readonly plaintext: Uint8Array | string;
  readonly context: string;
  readonly nonce: Uint8Array;
};

function seal({ header, key }: Opener, { plaintext, context, nonce }: SealInput): Uint8Array {
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(header, context));
  const bytes = typeof plaintext === 'string' ? Buffer.from(plaintext, 'utf8') : plaintext;
  return Buffer.concat([header, nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

function open(openers: ReadonlyMap<string, Opener>, sealed: Uint8Array, context: string): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const headerBytes = 2 + (bytes[1] ?? 0);
  const opener = openers.get(bytes.toString('latin1', 2, headerBytes));
  if (bytes[0] !== VERSION || opener === undefined)
    throw new Error('A sealed value names no key of the ring.');
  if (bytes.length < headerBytes + NONCE_BYTES + TAG_BYTES) throw new Error('A sealed value is cut short.');
  const decipher = createDecipheriv(
    ALGORITHM,
    opener.key,
    bytes.subarray(headerBytes, headerBytes + NONCE_BYTES),
    {
      authTagLength: TAG_BYTES,
    },
  );
  decipher.setAAD(associatedData(opener.header, context));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  return finish(decipher, bytes.subarray(headerBytes + NONCE_BYTES, -TAG_BYTES));
}

function finish(decipher: ReturnType<typeof createDecipheriv>, ciphertext: Uint8Array): Buffer {
  const start = decipher.update(ciphertext);
  try {
    return Buffer.concat([start, decipher.final()]);
  } catch (cause) {
    throw new Error('A sealed value was changed, or belongs elsewhere.', { cause });
  }
}
