import { createPublicKey } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOMParser } from '@xmldom/xmldom';
import { SignedXml } from 'xml-crypto';
import { verifySamlResponse } from '../src/protocols/saml/verify-response.ts';
import {
  ACS,
  attribute,
  AUDIENCE,
  createTestIdp,
  makeResponse,
  makeSamlProvider,
  metadataXml,
  NOW_MS,
  REQUEST_ID,
  toBase64,
  type TestIdp,
} from '../test/support/saml/identity-provider.ts';
import { AWS_RECIPIENT, SAML_PROVIDER, SAML_ROLE, worldResponse } from '../test/support/world-response.ts';
import { formPost, load } from './load.ts';
import { median, short, type Report } from './report.ts';
import { cpuMicroseconds } from './server-process.ts';
import { startRolebridge } from './throughput.ts';
import { timeEach } from './timing.ts';

const TARGET = 0.7;
const TYPICAL_CHARACTERS = 8000;
const DS = 'http://www.w3.org/2000/09/xmldsig#';

/** A response with a signed assertion, and attributes that bring its XML to about this many characters. */
function responseOf(idp: TestIdp, characters: number): string {
  const make = (attributes: string): string => makeResponse({ attributes }, { idp, signing: 'assertion' });
  const filler = (index: number): string =>
    attribute(
      `https://idp.example.com/attributes/${index}`,
      `cn=group-${index},ou=groups,dc=acme,dc=example`,
    );
  const count = Math.round((characters - make('').length) / filler(100).length);
  return make(Array.from({ length: Math.max(0, count) }, (_, index) => filler(index)).join(''));
}

/** The verifier against a floor of the same parser and the same xml-crypto, and how both grow with the document. */
export function measureSamlVerifier(report: Report): void {
  const idp = createTestIdp();
  const verify = (xml: string) => {
    const response = toBase64(xml);
    return () => verifySamlResponse(response, depsOf(idp));
  };
  report.section('Verifying a SAML response with a signed assertion, one at a time');
  // 100,000 characters of base64 are 75 kB of XML, and the most that is taken.
  for (const kilobytes of [5, 10, 20, 40, 75]) {
    const xml = responseOf(idp, kilobytes * 1000 - 1000);
    const [us = NaN, them = NaN] = timeEach([verify(xml), floorOf(idp, xml)]);
    const each = (microseconds: number): string => short((microseconds / xml.length) * 1000);
    report.figure({
      name: `  ${short(xml.length / 1000)} kB`,
      measured: `${(us / 1000).toFixed(2)} ms, ${each(us)} µs a kB (floor ${each(them)})`,
    });
  }
  // Last, when both are compiled: the first documents cost twice as much.
  const typical = responseOf(idp, TYPICAL_CHARACTERS);
  const [ours = NaN, floor = NaN] = timeEach([verify(typical), floorOf(idp, typical)]);
  report.figure({
    name: `${short(typical.length / 1000)} kB, of parsing and xml-crypto alone`,
    target: `≥ ${TARGET}`,
    measured: `${short(floor / ours)} (${ours.toFixed(0)} µs, floor ${floor.toFixed(0)} µs)`,
    met: floor / ours >= TARGET,
  });
}

function depsOf(idp: TestIdp): Parameters<typeof verifySamlResponse>[1] {
  return {
    provider: makeSamlProvider(),
    metadata: idp.metadata,
    decryptionKeys: [],
    nowMs: NOW_MS,
    expected: {
      recipients: [ACS],
      audiences: [AUDIENCE],
      inResponseTo: { kind: 'request', id: REQUEST_ID },
    },
  };
}

function floorOf(idp: TestIdp, xml: string): () => boolean {
  const publicCert = createPublicKey(idp.key).export({ format: 'pem', type: 'spki' });
  return () => {
    const document = new DOMParser().parseFromString(xml, 'text/xml');
    const signature = document.getElementsByTagNameNS(DS, 'Signature').item(0);
    const signedXml = new SignedXml({ publicCert });
    if (signature) signedXml.loadSignature(signature);
    if (!signedXml.checkSignature(xml)) throw new Error('refused');
    return true;
  };
}

export type SamlThroughputInput = {
  readonly folder: string;
  readonly store: object;
  readonly storeName: string;
  readonly rounds: number;
  /** An assertion works once: each of these opens one session. */
  readonly assertions: number;
};

/** AssumeRoleWithSAML from the socket to the store; for comparison with web identity, without a target. */
export async function measureSamlThroughput(input: SamlThroughputInput, report: Report): Promise<void> {
  const { storeName, rounds, assertions } = input;
  const samlIdp = createTestIdp('https://corp.example.com/idp');
  const bridge = await startRolebridge(writeConfiguration(input, samlIdp));
  const speeds: number[] = [];
  const costs: number[] = [];
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const count = Math.ceil(assertions / (rounds + 1));
      const requests = Array.from({ length: count }, () => formPost(formOf(samlIdp)));
      const before = cpuMicroseconds(bridge.pid);
      const result = await load({ url: bridge.url, requests, count, seconds: 60, connections: 16 });
      // The first round warms up.
      if (round === 0) continue;
      speeds.push(result.answered / result.seconds);
      costs.push((cpuMicroseconds(bridge.pid) - before) / result.answered);
    }
  } finally {
    await bridge.stop();
  }
  report.section(`AssumeRoleWithSAML, RSA-SHA256 over message and assertion, ${storeName}, one process`);
  report.figure({
    name: 'bridge',
    measured: `${median(speeds).toFixed(0)}/s, ${median(costs).toFixed(0)} µs of processor time each`,
  });
}

function formOf(samlIdp: TestIdp): string {
  return new URLSearchParams({
    Action: 'AssumeRoleWithSAML',
    Version: '2011-06-15',
    RoleArn: SAML_ROLE,
    PrincipalArn: SAML_PROVIDER,
    SAMLAssertion: worldResponse({ samlIdp }),
  }).toString();
}

function writeConfiguration({ folder, store }: SamlThroughputInput, samlIdp: TestIdp): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'corp.xml'), metadataXml(samlIdp));
  const account = SAML_ROLE.split(':')[4];
  const Statement = [
    {
      Effect: 'Allow',
      Principal: { Federated: SAML_PROVIDER },
      Action: 'sts:AssumeRoleWithSAML',
      Condition: { StringEquals: { 'saml:aud': AWS_RECIPIENT } },
    },
  ];
  const path = join(folder, 'config.json');
  const config = {
    publicUrl: 'http://127.0.0.1:8080',
    listen: { host: '127.0.0.1', port: 0 },
    management: { host: '127.0.0.1', port: 0 },
    logLevel: 'silent',
    store,
    masterKey: { file: join(folder, 'master.key') },
    accounts: [{ id: account }],
    samlProviders: [{ name: 'corp', account, metadata: { file: 'corp.xml' } }],
    roles: [{ name: 'saml', account, trustPolicy: { Version: '2012-10-17', Statement } }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}
