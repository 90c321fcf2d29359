import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FederationError } from '../../src/domain/errors.ts';
import {
  SAML_ENCRYPTION_ALGORITHMS,
  SAML_SIGNATURE_ALGORITHMS,
} from '../../src/domain/identity/saml-provider.ts';
import { decryptAssertion } from '../../src/protocols/saml/decrypt-assertion.ts';
import { verifySamlResponse } from '../../src/protocols/saml/verify-response.ts';
import { descendantsOf, parseXml } from '../../src/protocols/saml/xml-document.ts';
import { XmlError } from '../../src/protocols/saml/xml-error.ts';
import { verifyEnvelopedSignature } from '../../src/protocols/saml/xml-signature.ts';
import { idpEntity, makeSamlProvider, toBase64 } from '../support/saml/identity-provider.ts';

/**
 * Runs every published response through the verifier. `docs/saml-vectors.md` has the verdicts and why, and is the table
 * that this test reads: a vector without a row, or a row without a vector, fails.
 *
 * Each vector gets its best chance, so that what is refused is refused for what is wrong with it: its own clock, its own
 * recipient and audience, every algorithm, and as trusted keys those of its folder, or else of its own KeyInfo.
 */
const vectorsFolder = process.env['ROLEBRIDGE_VECTORS'] ?? '../shared/vectors';
const FOLDERS = [
  'saml-xsw',
  'saml-crewjam',
  'saml-node/signatures/valid',
  'saml-node/signatures/invalid',
  'saml-ruby/responses',
  'xmldsig',
];
/** Vectors of the redirect binding are tried as they are, and unpacked. */
const INFLATED = ' (inflated)';
const NO_VECTOR = /LICENSE|\.(?:pem|crt|key)$|metadata$/i;

const read = (name: string) => readFileSync(join(vectorsFolder, name), 'utf8');
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = '']) => found);

/** The base64 that the verifier is given. */
function responseOf(name: string): string {
  const text = read(name.replace(INFLATED, ''));
  if (text.trimStart().startsWith('<') || text.startsWith('\ufeff')) return toBase64(text);
  return name.endsWith(INFLATED) ? inflateRawSync(Buffer.from(text, 'base64')).toString('base64') : text;
}

function publicKeysIn(text: string): KeyObject[] {
  return all(text, /X509Certificate>([^<]+)</g).flatMap((base64) => {
    const bytes = Buffer.from(base64.replaceAll(/&#(?:13|xD);/g, ''), 'base64');
    try {
      return [new X509Certificate(bytes).publicKey];
    } catch {
      return [];
    }
  });
}

const pemKey = (name: string) => createPublicKey(read(name));

function trustedKeys(name: string, text: string): KeyObject[] {
  if (name.startsWith('saml-xsw/')) return [pemKey('saml-xsw/idp.crt')];
  if (name.startsWith('saml-node/')) return [pemKey('saml-node/cert.pem')];
  if (name.startsWith('xmldsig/')) {
    const pems = [
      'feide_public',
      'client_public',
      'saml_external_ns',
      'idp_certificate',
      'keyinfo',
      'signature_with_inclusivenamespaces',
    ];
    return [...publicKeysIn(text), ...pems.map((pem) => pemKey(`xmldsig/${pem}.pem`))];
  }
  const metadata = ['_IDPMetadata', '_idp_metadata'].map((suffix) => name.replace(/_response$/, suffix));
  const published = metadata.find((file) => file !== name && existsSync(join(vectorsFolder, file)));
  const rubys = name.startsWith('saml-ruby/') ? [pemKey('saml-ruby/certificates/ruby-saml.crt')] : [];
  return [...rubys, ...publicKeysIn(published === undefined ? text : read(published))];
}

const decryptionKeys = () =>
  ['saml-xsw/sp.pem', 'saml-crewjam/sp_key.pem', 'saml-ruby/certificates/ruby-saml.key'].map((name) =>
    createPrivateKey(read(name)),
  );

/** The message and, where it holds one that we can open, its decrypted assertion: for what a vector is meant for. */
function readable(xml: string): string {
  try {
    const encrypted = descendantsOf(parseXml(xml)).find(
      ({ localName }) => localName === 'EncryptedAssertion',
    );
    if (encrypted === undefined) return xml;
    return (
      xml +
      decryptAssertion(encrypted, { keys: decryptionKeys(), algorithms: SAML_ENCRYPTION_ALGORITHMS }).xml
    );
  } catch (error) {
    if (error instanceof XmlError) return xml;
    throw error;
  }
}

async function verdictOf(name: string): Promise<string> {
  const samlResponse = responseOf(name);
  const xml = Buffer.from(samlResponse, 'base64').toString();
  const text = readable(xml);
  const keys = trustedKeys(name, text);
  if (name.startsWith('xmldsig/') && !xml.includes('Response')) return bareVerdict(xml, keys);
  const signingKeys = keys.map((key) => ({ key, certificate: '', notAfterMs: 0 }));
  const issuers = [...new Set(all(text, /Issuer(?:\s[^>]*)?>([^<]*)</g))];
  // The forged assertions of these have times of their own.
  const clock = name.includes('Xsw') ? ['2016-01-05T17:53:11Z'] : all(text, /IssueInstant=["']([^"']*)/g);
  const running = verifySamlResponse(samlResponse, {
    provider: makeSamlProvider({
      signatureAlgorithms: SAML_SIGNATURE_ALGORITHMS,
      encryptionAlgorithms: SAML_ENCRYPTION_ALGORITHMS,
    }),
    metadata: { entities: issuers.map((issuer) => idpEntity(signingKeys, issuer)) },
    expected: {
      recipients: all(text, /(?:Destination|Recipient)=["']([^"']*)/g),
      audiences: all(text, /Audience(?:\s[^>]*)?>([^<]*)</g),
      inResponseTo: { kind: 'anything' },
    },
    decryptionKeys: decryptionKeys(),
    nowMs: Date.parse(clock.at(-1) ?? '2020-01-01T00:00:00Z') + 1000,
  });
  return running.then(
    ({ subject }) => `accepted: ${subject}`,
    (error: unknown) => {
      if (error instanceof FederationError) return `refused: ${error.message}`;
      throw error;
    },
  );
}

/** XML signatures over something else than a Response. */
function bareVerdict(xml: string, keys: readonly KeyObject[]): string {
  try {
    const root = parseXml(xml);
    const signature = descendantsOf(root).find(({ localName }) => localName === 'Signature');
    const parent = descendantsOf(root).find((element) => element === signature?.parentNode) ?? root;
    return `accepted: ${verifyEnvelopedSignature(xml, parent, { keys, algorithms: SAML_SIGNATURE_ALGORITHMS }).localName}`;
  } catch (error) {
    if (error instanceof XmlError) return `refused: it ${error.message}`;
    throw error;
  }
}

describe('published SAML responses', () => {
  const missing = FOLDERS.filter((folder) => !existsSync(join(vectorsFolder, folder)));
  if (missing.length > 0) {
    const what = `${missing.join(', ')} missing in ${vectorsFolder} (ROLEBRIDGE_VECTORS names the folder of vectors)`;
    // The reporter shows no titles of skipped tests.
    process.stderr.write(`skipped: SAML vectors, ${what}\n`);
    it.skip(`SAML vectors: ${what}`, () => undefined);
    return;
  }
  const rows = all(readFileSync('docs/saml-vectors.md', 'utf8'), /^(\| .*)$/gm)
    .map((row) => row.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map(([, name = '', verdict = '']) => ({ name, verdict }))
    .filter(({ name }) => name.includes('/'));

  it('have a row each in the table of verdicts', () => {
    const files = FOLDERS.flatMap((folder) =>
      readdirSync(join(vectorsFolder, folder)).map((file) => `${folder}/${file}`),
    );
    const named = rows.map(({ name }) => name.replace(INFLATED, ''));
    expect([...new Set(named)].toSorted()).toEqual(files.filter((file) => !NO_VECTOR.test(file)).toSorted());
  });

  it.each(rows)('$name is $verdict', async ({ name, verdict }) => {
    expect(await verdictOf(name)).toBe(verdict);
  });
});
