import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

type Algorithm = 'ES256' | 'EdDSA' | 'RS256' | 'ES384';

/** What goes wrong, on the wire or in the authenticator. */
export type Fault = {
  /** What the browser says it was on. */
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly crossOrigin?: boolean;
  readonly userPresent?: boolean;
  readonly userVerified?: boolean;
  /** A bit of the signature is turned. */
  readonly signature?: 'broken';
  readonly counter?: number;
  readonly userHandle?: string | null;
  /** Another credential than the one that signs. */
  readonly credentialId?: string;
  readonly attestation?: 'packed-self' | 'packed-chain' | 'apple';
};

export type AuthenticatorOptions = {
  readonly algorithm?: Algorithm;
  /** `never`: its counter says 0 for ever, as those of synchronised passkeys do. */
  readonly counts?: 'always' | 'never';
};

/** A passkey in software, for one relying party; it answers the options that a page gives a browser. */
export type Authenticator = {
  readonly credentialId: string;
  readonly create: (optionsJson: string, fault?: Fault) => string;
  readonly use: (optionsJson: string, fault?: Fault) => string;
};

const COSE_ALG: Readonly<Record<Algorithm, number>> = { ES256: -7, EdDSA: -8, RS256: -257, ES384: -35 };

export function createAuthenticator(
  origin: string,
  { algorithm = 'ES256', counts = 'always' }: AuthenticatorOptions = {},
): Authenticator {
  const { publicKey, privateKey } = createKeys(algorithm);
  const id = randomBytes(32);
  const credentialId = id.toString('base64url');
  const rpId = new URL(origin).hostname;
  let counter = 0;
  let userHandle = '';
  const count = (fault: Fault): number => {
    if (counts === 'always') counter += 1;
    return fault.counter ?? counter;
  };
  const data = (fault: Fault, flags: number): Buffer => {
    const present = fault.userPresent === false ? 0 : 0x01;
    const verified = fault.userVerified === false ? 0 : 0x04;
    const head = Buffer.alloc(5);
    head[0] = flags | present | verified;
    head.writeUInt32BE(count(fault), 1);
    return Buffer.concat([sha256(fault.rpId ?? rpId), head]);
  };
  const clientData = (type: string, optionsJson: string, fault: Fault): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: fault.type ?? type,
        challenge: fault.challenge ?? memberOf(optionsJson, 'challenge'),
        origin: fault.origin ?? origin,
        crossOrigin: fault.crossOrigin ?? false,
      }),
    );
  const frame = (fault: Fault, response: object): string => {
    const named = fault.credentialId ?? credentialId;
    return JSON.stringify({
      id: named,
      rawId: named,
      type: 'public-key',
      clientExtensionResults: {},
      authenticatorAttachment: 'platform',
      response,
    });
  };
  return {
    credentialId,
    create: (optionsJson, fault = {}) => {
      userHandle = memberOf(optionsJson, 'user', 'id');
      const length = Buffer.alloc(2);
      length.writeUInt16BE(id.length);
      const attested = [Buffer.alloc(16), length, id, coseKey(publicKey, algorithm)];
      const authData = Buffer.concat([data(fault, 0x40), ...attested]);
      const client = clientData('webauthn.create', optionsJson, fault);
      const signature = signed(Buffer.concat([authData, sha256(client)]), privateKey, algorithm);
      const [fmt, statement] = attestationOf(fault, signature, algorithm);
      const attestationObject = cborMap([
        ['fmt', cborText(fmt)],
        ['attStmt', statement],
        ['authData', cborBytes(authData)],
      ]);
      return frame(fault, {
        clientDataJSON: client.toString('base64url'),
        attestationObject: attestationObject.toString('base64url'),
        transports: ['internal', 'hybrid'],
        publicKeyAlgorithm: COSE_ALG[algorithm],
      });
    },
    use: (optionsJson, fault = {}) => {
      const authData = data(fault, 0);
      const client = clientData('webauthn.get', optionsJson, fault);
      const signature = signed(Buffer.concat([authData, sha256(client)]), privateKey, algorithm);
      if (fault.signature === 'broken') signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
      return frame(fault, {
        clientDataJSON: client.toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: signature.toString('base64url'),
        userHandle: fault.userHandle === undefined ? userHandle : fault.userHandle,
      });
    },
  };
}

function createKeys(algorithm: Algorithm): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  if (algorithm === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return generateKeyPairSync('ec', { namedCurve: algorithm === 'ES256' ? 'P-256' : 'P-384' });
}

function signed(data: Buffer, key: KeyObject, algorithm: Algorithm): Buffer {
  const digest = algorithm === 'EdDSA' ? null : algorithm === 'ES384' ? 'sha384' : 'sha256';
  return sign(digest, data, key);
}

function attestationOf(
  { attestation }: Fault,
  signature: Buffer,
  algorithm: Algorithm,
): readonly [string, Buffer] {
  if (attestation === undefined) return ['none', cborMap([])];
  const chain: [string, Buffer] = ['x5c', Buffer.concat([Buffer.from([0x81]), cborBytes(randomBytes(300))])];
  if (attestation === 'apple') return ['apple', cborMap([chain])];
  return [
    'packed',
    cborMap([
      ['alg', cborInteger(COSE_ALG[algorithm])],
      ['sig', cborBytes(signature)],
      ...(attestation === 'packed-chain' ? [chain] : []),
    ]),
  ];
}

function sha256(bytes: string | Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function memberOf(json: string, ...path: readonly string[]): string {
  let value: unknown = JSON.parse(json);
  for (const name of path)
    value =
      typeof value === 'object' && value !== null
        ? Object.entries(value).find(([key]) => key === name)?.[1]
        : undefined;
  if (typeof value !== 'string') throw new Error(`the options have no ${path.join('.')}`);
  return value;
}

/** RFC 9052 7: labels 1 kty, 3 alg, -1 crv or n, -2 x or e, -3 y. */
function coseKey(key: KeyObject, algorithm: Algorithm): Buffer {
  const { x = '', y = '', n = '', e = '' } = key.export({ format: 'jwk' });
  const bytes = (text: string): Buffer => cborBytes(Buffer.from(text, 'base64url'));
  const alg: readonly [number, Buffer] = [3, cborInteger(COSE_ALG[algorithm])];
  if (algorithm === 'RS256') return coseMap([[1, cborInteger(3)], alg, [-1, bytes(n)], [-2, bytes(e)]]);
  if (algorithm === 'EdDSA') return coseMap([[1, cborInteger(1)], alg, [-1, cborInteger(6)], [-2, bytes(x)]]);
  const curve = algorithm === 'ES256' ? 1 : 2;
  return coseMap([[1, cborInteger(2)], alg, [-1, cborInteger(curve)], [-2, bytes(x)], [-3, bytes(y)]]);
}

function cborHead(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  return Buffer.from([(major << 5) | 25, value >> 8, value & 0xff]);
}

function cborInteger(value: number): Buffer {
  return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value);
}

function cborBytes(bytes: Buffer): Buffer {
  return Buffer.concat([cborHead(2, bytes.length), bytes]);
}

function cborText(text: string): Buffer {
  return Buffer.concat([cborHead(3, Buffer.byteLength(text)), Buffer.from(text)]);
}

function cborMap(entries: readonly (readonly [string, Buffer])[]): Buffer {
  return Buffer.concat([
    cborHead(5, entries.length),
    ...entries.flatMap(([key, value]) => [cborText(key), value]),
  ]);
}

function coseMap(entries: readonly (readonly [number, Buffer])[]): Buffer {
  return Buffer.concat([
    cborHead(5, entries.length),
    ...entries.flatMap(([label, value]) => [cborInteger(label), value]),
  ]);
}
