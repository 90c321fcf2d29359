import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestIdp, metadataXml, toBase64 } from '../support/saml/identity-provider.ts';
import { startWorldBridge, type WorldBridge } from '../support/world-bridge.ts';
import {
  SAML_PROVIDER,
  SAML_ROLE,
  worldResponse,
  worldResponseXml,
  type WorldResponse,
} from '../support/world-response.ts';
import { worldEnv } from '../support/world.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/rolebridge');

let world: WorldBridge;
let folder: string;
beforeAll(async () => {
  world = await startWorldBridge();
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-inspect-'));
});
afterAll(async () => {
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Run = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** `rolebridge saml inspect -` with this on standard input. */
function inspect(input: string, ...args: readonly string[]): Promise<Run> {
  const options = args.includes('--config') ? args : ['--config', world.configPath, ...args];
  const child = spawn(PROGRAM, ['saml', 'inspect', '-', ...options], {
    env: { ...process.env, ...worldEnv },
    cwd: folder,
  });
  const written = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => (written.stdout += String(text)));
  child.stderr.on('data', (text) => (written.stderr += String(text)));
  child.stdin.end(input);
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve({ code, ...written });
    });
  });
}
const respond = (changes?: WorldResponse): string => worldResponse(world, changes);

describe('rolebridge saml inspect, given a response', () => {
  test('says what it claims, which key signed what, that it is accepted, and what it opens', async () => {
    const { code, stdout } = await inspect(respond({ attributes: { department: 'engineering' } }));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^What the message says of itself \(NOT VERIFIED\):\n/);
    expect(stdout).toMatch(/ subject +user-1 \(persistent\)/);
    expect(stdout).toMatch(/ department +engineering/);
    expect(stdout).toContain(`VERIFIED with a key of ${SAML_PROVIDER}: CN=idp.example.com, until `);
    expect(stdout).toContain(`ACCEPTED by ${SAML_PROVIDER}, at `);
    expect(stdout).toMatch(/saml:namequalifier +uOI3elWFntnY8tuw0sYi2ads4\/s=/);
    expect(stdout).toContain(`opens       ${SAML_ROLE} as session alice`);
  });

  test('tells scripts the same as JSON', async () => {
    const { stdout } = await inspect(respond(), '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'response',
      says: { issuer: 'https://corp.example.com/idp', assertions: [{ subject: 'user-1' }] },
      signatures: [{ verifiedBy: { provider: SAML_PROVIDER } }, { verifiedBy: { provider: SAML_PROVIDER } }],
      acceptances: [{ provider: SAML_PROVIDER, accepted: true, subject: 'user-1' }],
    });
  });

  test('takes XML and a file as well', async () => {
    const file = join(folder, 'response.xml');
    writeFileSync(file, worldResponseXml(world));
    const child = spawn(PROGRAM, ['saml', 'inspect', file, '--config', world.configPath], {
      env: { ...process.env, ...worldEnv },
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(0);
  });

  test('uses nothing up: what it was shown still opens the role', async () => {
    const response = respond();
    expect((await inspect(response)).code).toBe(0);
    expect((await inspect(response)).code).toBe(0);
  });

  test.each([
    ['an edited subject', 'a signature that no key', (xml: string) => xml.replace('>user-1<', '>admin<')],
    ['a comment', 'a comment', (xml: string) => xml.replace('>user-1<', '>user<!---->-1<')],
    ['a document type', 'DOCTYPE', (xml: string) => `<!DOCTYPE a>${xml}`],
    ['half of it', 'not well formed', (xml: string) => xml.slice(0, 900)],
    ['another document', 'is neither', () => '<a/>'],
    ['no XML', 'root', () => 'hello'],
  ])('names the first rule that refuses %s', async (_, rule, change) => {
    const xml = change(worldResponseXml(world));
    const { code, stdout } = await inspect(xml.startsWith('<') ? xml : toBase64(xml));
    expect(code).toBe(1);
    expect(stdout).toMatch(/REFUSED/);
    expect(stdout).toContain(rule);
    expect(stdout).not.toContain('ACCEPTED');
  });

  test('marks a signature that does not hold, whatever certificate it names', async () => {
    const xml = worldResponseXml({ samlIdp: createTestIdp(world.samlIdp.entityId) });
    const { code, stdout } = await inspect(xml);
    expect(code).toBe(1);
    expect(stdout).toContain('NOT VERIFIED, it names CN=idp.example.com');
    expect(stdout).not.toContain(': VERIFIED');
  });

  test('says so where nobody here knows the issuer', async () => {
    const samlIdp = createTestIdp('https://nobody.example.com');
    const { code, stdout } = await inspect(worldResponse({ samlIdp }));
    expect(code).toBe(1);
    expect(stdout).toContain(
      'REFUSED: no samlProvider here has metadata of the issuer https://nobody.example.com',
    );
  });

  test('asks as of another time, since responses are old when somebody asks', async () => {
    const old = respond({ issuedAt: -1000, confirmedUntil: -700, notBefore: -1030, notOnOrAfter: -700 });
    const now = await inspect(old);
    expect([now.code, now.stdout]).toEqual([1, expect.stringContaining('[expired-identity-token]')]);
    const then = new Date(Date.now() - 900_000).toISOString();
    expect(await inspect(old, '--at', then)).toMatchObject({ code: 0 });
    expect(await inspect(old, '--at', 'yesterday')).toMatchObject({ code: 2, stdout: '' });
  });

  test('shows why a role that means the provider stays shut', async () => {
    const response = respond({ attributes: { 'aws:Role': 'arn:aws:iam::111122223333:role/x,y' } });
    const { code, stdout } = await inspect(response);
    expect(code).toBe(0);
    expect(stdout).toMatch(/It opens 0 of the \d+ roles/);
    const other = respond({ recipient: 'urn:amazon:webservices' });
    const { stdout: shut } = await inspect(other);
    expect(shut).toContain(`stays shut  ${SAML_ROLE}: sts:AssumeRoleWithSAML: `);
    expect(shut).toMatch(/FAIL StringEquals SAML:aud\s+wanted +https:\/\/signin\.aws\.amazon\.com\/saml/);
  });

  test('shows what a terminal would obey as its code', async () => {
    const { stdout } = await inspect(
      respond({ attributes: { department: 'red\u009b31m\nACCEPTED by me \u202e' } }),
    );
    expect(stdout).toContain('red\\u{9b}31m\\u{a}ACCEPTED by me \\u{202e}');
    expect(stdout).not.toMatch(/^ACCEPTED by me/m);
  });

  test('only describes where there is no configuration', async () => {
    const { code, stdout } = await inspect(respond(), '--config', join(folder, 'none.yaml'));
    expect(code).toBe(0);
    expect(stdout).toContain('whether it would be accepted was not asked');
    expect(stdout).not.toContain(': VERIFIED');
  });
});

describe('rolebridge saml inspect, given metadata', () => {
  test('names keys, ends, endpoints and the provider that uses it', async () => {
    const { code, stdout } = await inspect(metadataXml(world.samlIdp));
    expect(code).toBe(0);
    expect(stdout).toContain('identity provider https://corp.example.com/idp');
    expect(stdout).toMatch(/signs with +CN=idp\.example\.com, until 2028-01-15, SHA-256 ([0-9A-F]{2}:){31}/);
    expect(stdout).toMatch(/sign-in +redirect https:\/\/corp\.example\.com\/sso/);
    expect(stdout).toMatch(new RegExp(`here +${SAML_PROVIDER}: the same signing keys`));
  });

  test('tells a rollover before it is done', async () => {
    const { stdout } = await inspect(metadataXml(createTestIdp(world.samlIdp.entityId)));
    expect(stdout).toContain(
      '1 signing keys that are not used yet, 1 that are used and not in this document',
    );
  });

  test.each([
    [
      'no identity provider',
      '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="a"/>',
    ],
    ['half of a document', '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">'],
  ])('refuses %s with a sentence', async (_, xml) => {
    const { code, stdout } = await inspect(xml);
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/^REFUSED: The (metadata|document) .*\.? \[malformed\]/),
    ]);
  });
});
