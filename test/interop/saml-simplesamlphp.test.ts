import { AssumeRoleWithSAMLCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBridgeProcess, type BridgeProcess } from '../support/bridge.ts';
import { announceMissing } from '../support/foreign-client.ts';
import { createFormBrowser } from '../support/form-browser.ts';
import { findSimpleSamlPhp, startSimpleSamlPhp, type SimpleSamlPhp } from '../support/simplesamlphp.ts';

const ACCOUNT = '123456789012';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/reports`;
const AWS = 'urn:amazon:webservices';
const provider = (name: string) => `arn:aws:iam::${ACCOUNT}:saml-provider/${name}`;
/** One identity provider, as providers of ours that demand different things of it. */
const PROVIDERS = {
  ssp: {},
  'ssp-both': { signed: 'both' },
  'ssp-sha1': { signatureAlgorithms: ['rsa-sha1'] },
  // All that its version 1 can do.
  'ssp-encrypted': { encryptionAlgorithms: ['aes128-cbc', 'rsa-oaep-mgf1p'] },
};

const program = findSimpleSamlPhp();
if (program === undefined)
  announceMissing('SimpleSAMLphp cannot be fetched with apt-get', 'the tests with SimpleSAMLphp are');

describe.skipIf(program === undefined)('SimpleSAMLphp as the identity provider', () => {
  let idp: SimpleSamlPhp;
  let bridge: BridgeProcess;
  beforeAll(async () => {
    if (program === undefined) throw new Error('there is none');
    idp = await startSimpleSamlPhp(program, {
      entityId: 'https://ssp.example.com/idp',
      settings: { 'validate.authnrequest': true },
      attributes: {
        uid: ['alice'],
        department: ['engineering'],
        'https://aws.amazon.com/SAML/Attributes/RoleSessionName': ['alice'],
        'https://aws.amazon.com/SAML/Attributes/Role': Object.keys(PROVIDERS).map(
          (name) => `${ROLE},${provider(name)}`,
        ),
      },
    });
    bridge = await startBridgeProcess({ config: JSON.stringify(configuration(idp.metadataUrl)) });
    const metadata = await (await fetch(`${bridge.url}/saml/ssp/metadata`)).text();
    const [, certificate = ''] = /use="encryption">.*?<ds:X509Certificate>([^<]+)</s.exec(metadata) ?? [];
    idp.trust({ entityId: AWS, acs: 'https://signin.aws.amazon.com/saml', certificate });
    idp.trust(metadata);
  });
  afterAll(async () => {
    await bridge.stop();
    idp.stop();
  });
  beforeEach(() => {
    idp.configure({});
  });

  /** What its page would post to AWS. */
  const respond = async (): Promise<string> => {
    const { fields, html } = await createFormBrowser().visit(idp.signInUrl(AWS));
    const { SAMLResponse } = fields;
    if (SAMLResponse === undefined) throw new Error(`no response in ${html}: ${idp.failures()}`);
    return SAMLResponse;
  };
  const assume = (SAMLAssertion: string, name: keyof typeof PROVIDERS = 'ssp') =>
    new STSClient({ region: 'us-east-1', endpoint: bridge.url }).send(
      new AssumeRoleWithSAMLCommand({ RoleArn: ROLE, PrincipalArn: provider(name), SAMLAssertion }),
    );
  const refusalOf = async (running: Promise<unknown>): Promise<string> => {
    const error: unknown = await running.then(
      () => 'it was accepted',
      (cause: unknown) => cause,
    );
    if (error instanceof STSServiceException) return error.message;
    throw error;
  };

  describe('for AssumeRoleWithSAML', () => {
    it.each([
      ['assertion and message', {}],
      ['assertion only', { 'saml20.sign.response': false }],
      ['message only', { 'saml20.sign.assertion': false, 'saml20.sign.response': true }],
    ])('opens a role with a signature over %s', async (_, settings) => {
      idp.configure(settings);
      expect(await assume(await respond())).toMatchObject({
        AssumedRoleUser: { Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/reports/alice` },
        Subject: 'alice',
        SubjectType: 'persistent',
        Issuer: 'https://ssp.example.com/idp',
        Audience: 'https://signin.aws.amazon.com/saml',
      });
    });

    it('opens a role once for each response', async () => {
      const response = await respond();
      await assume(response);
      expect(await refusalOf(assume(response))).toBe('Response has already been used');
    });

    it.each([
      ['the assertion is not signed', { 'saml20.sign.assertion': false, 'saml20.sign.response': true }],
      ['the message is not signed', { 'saml20.sign.response': false }],
    ])('opens nothing where both signatures are asked for and %s', async (_, settings) => {
      idp.configure(settings);
      expect(await refusalOf(assume(await respond(), 'ssp-both'))).toBe('Response signature invalid');
    });

    it('takes SHA-1 only where the settings name it', async () => {
      idp.configure({ 'signature.algorithm': 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' });
      const response = await respond();
      expect(await refusalOf(assume(response))).toBe('Response signature invalid');
      await assume(response, 'ssp-sha1');
    });

    it('decrypts an assertion only where the settings name how it is encrypted', async () => {
      idp.configure({ 'assertion.encryption': true });
      const response = await respond();
      expect(Buffer.from(response, 'base64').toString()).not.toContain('alice');
      expect(await refusalOf(assume(response))).toBe('Response signature invalid');
      expect(await assume(response, 'ssp-encrypted')).toMatchObject({ Subject: 'alice' });
    });

    it.each([
      ['the subject', '>alice</saml:NameID>', '>admin</saml:NameID>'],
      ['an attribute', '>engineering<', '>executives<'],
      ['a comment in the subject', '>alice</saml:NameID>', '>al<!---->ice</saml:NameID>'],
      ['the end', /NotOnOrAfter="2\d/g, 'NotOnOrAfter="3'],
    ])('opens nothing where somebody edited %s', async (_, from, to) => {
      const xml = Buffer.from(await respond(), 'base64').toString();
      const edited = xml.replace(from, to);
      expect(edited).not.toBe(xml);
      expect(await refusalOf(assume(Buffer.from(edited).toString('base64')))).toMatch(
        /^Response (signature invalid|is not a valid SAML response)$/,
      );
    });
  });

  describe('for a browser, after it has read our metadata', () => {
    it('signs in with a signed request, and the same response signs nobody in again', async () => {
      const browser = createFormBrowser();
      const posting = await browser.visit(`${bridge.url}/saml/ssp/login`);
      expect(Object.keys(posting.fields), idp.failures()).toContain('SAMLResponse');
      const first = await browser.submit(posting);
      expect([first.status, first.url]).toEqual([200, `${bridge.url}/roles`]);
      expect(first.html).toContain('alice');
      expect(await browser.submit(posting)).toMatchObject({ status: 403 });
    });

    it('signs in with an encrypted assertion', async () => {
      idp.configure({ 'assertion.encryption': true });
      idp.trust(await (await fetch(`${bridge.url}/saml/ssp-encrypted/metadata`)).text());
      const browser = createFormBrowser();
      const page = await browser.submitSaml(await browser.visit(`${bridge.url}/saml/ssp-encrypted/login`));
      idp.trust(await (await fetch(`${bridge.url}/saml/ssp/metadata`)).text());
      expect([page.status, page.url]).toEqual([200, `${bridge.url}/roles`]);
    });

    it('does not sign in the browser that did not ask', async () => {
      const posting = await createFormBrowser().visit(`${bridge.url}/saml/ssp/login`);
      expect(await createFormBrowser().submit(posting)).toMatchObject({ status: 403 });
    });

    it('signs out at both ends when we begin, with signed messages', async () => {
      idp.configure({ 'validate.logout': true, 'sign.logout': true, 'redirect.sign': true });
      const browser = createFormBrowser();
      await browser.submitSaml(await browser.visit(`${bridge.url}/saml/ssp/login`));
      const asking = await browser.visit(`${bridge.url}/signout`);
      const page = await browser.submitSaml(await browser.submit(asking, {}, '/signout'));
      expect(page.html, idp.failures()).toContain('signed out at SimpleSAMLphp, too');
    });

    it('signs out when it begins, and takes our answer', async () => {
      idp.configure({ 'validate.logout': true, 'sign.logout': true, 'redirect.sign': true });
      const browser = createFormBrowser();
      await browser.submitSaml(await browser.visit(`${bridge.url}/saml/ssp/login`));
      const start = `${idp.url}/saml2/idp/initSLO.php?RelayState=${encodeURIComponent(`${idp.url}/logout.php`)}`;
      const page = await browser.submitSaml(await browser.visit(start));
      expect(page.url, idp.failures()).toBe(`${idp.url}/logout.php`);
    });
  });
});

function configuration(metadataUrl: string): object {
  const names = Object.keys(PROVIDERS);
  return {
    masterKey: { file: 'master.key' },
    store: { sqlite: { path: 'state.db' } },
    outbound: { privateAddresses: 'allow', http: 'allow' },
    accounts: [{ id: ACCOUNT }],
    samlProviders: Object.entries(PROVIDERS).map(([name, settings]) => ({
      name,
      account: ACCOUNT,
      metadata: { url: metadataUrl },
      signIn: { displayName: 'SimpleSAMLphp', mfa: 'never' },
      ...settings,
    })),
    roles: [
      {
        name: 'reports',
        account: ACCOUNT,
        trustPolicy: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Federated: names.map(provider) },
              Action: 'sts:AssumeRoleWithSAML',
              Condition: { StringEquals: { 'saml:aud': 'https://signin.aws.amazon.com/saml' } },
            },
          ],
        },
      },
    ],
  };
}
