import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBridgeProcess, type BridgeProcess } from '../support/bridge.ts';
import { createFormBrowser } from '../support/form-browser.ts';
import { startSamlpIdp, type SamlpIdp } from '../support/samlp-idp.ts';
import { callSts, type StsAnswer } from '../support/world-bridge.ts';

const ACCOUNT = '123456789012';
const RoleArn = `arn:aws:iam::${ACCOUNT}:role/reports`;
const provider = (name: string) => `arn:aws:iam::${ACCOUNT}:saml-provider/${name}`;
const PROVIDERS = {
  samlp: {},
  'samlp-encrypted': { encryptionAlgorithms: ['aes256-gcm', 'rsa-oaep-mgf1p'] },
};

let idp: SamlpIdp;
let bridge: BridgeProcess;
beforeAll(async () => {
  idp = await startSamlpIdp();
  bridge = await startBridgeProcess({ config: JSON.stringify(configuration(idp.metadataUrl)) });
});
afterAll(async () => {
  await bridge.stop();
  await idp.stop();
});
beforeEach(() => {
  idp.configure({});
});

const respond = async (): Promise<string> => {
  const page = await createFormBrowser().visit(idp.signInUrl);
  const { SAMLResponse } = page.fields;
  if (SAMLResponse === undefined) throw new Error(page.html);
  return SAMLResponse;
};
const assume = (SAMLAssertion: string, name: keyof typeof PROVIDERS = 'samlp'): Promise<StsAnswer> =>
  callSts(bridge, { Action: 'AssumeRoleWithSAML', RoleArn, PrincipalArn: provider(name), SAMLAssertion });

describe('samlp as the identity provider, which knows nothing of AWS', () => {
  it.each([
    ['the assertion', {}],
    ['assertion and message', { signResponse: true }],
    ['the message', { signResponse: true, signAssertion: false }],
  ])('opens a role by trust policy alone, with a signature over %s', async (_, settings) => {
    idp.configure(settings);
    const response = await respond();
    const answer = await assume(response);
    expect(answer, answer.body).toMatchObject({ status: 200 });
    expect(answer.text('Arn')).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/reports/alice`);
    expect((await assume(response)).text('Message')).toBe('Response has already been used');
  });

  it.each([
    ['nothing is signed', { signAssertion: false }],
    ['SHA-1 is signed with', { signatureAlgorithm: 'rsa-sha1', digestAlgorithm: 'sha1' }],
  ])('opens nothing where %s', async (_, settings) => {
    idp.configure(settings);
    expect((await assume(await respond())).text('Message')).toBe('Response signature invalid');
  });

  it('opens nothing where another one of the same name signs', async () => {
    const other = await startSamlpIdp();
    const page = await createFormBrowser().visit(other.signInUrl);
    await other.stop();
    const response = page.fields['SAMLResponse'] ?? '';
    expect((await assume(response)).text('Message')).toBe('Response signature invalid');
  });

  it.each([
    ['another audience', { audience: 'urn:another' }],
    ['another recipient', { recipient: 'https://another.example.com/acs' }],
  ])('opens nothing with %s', async (_, settings) => {
    idp.configure(settings);
    const text = (await assume(await respond())).text('Message');
    expect(text).toBe('Response does not contain the required audience');
  });

  it('is refused for another issuer than its metadata names', async () => {
    idp.configure({ issuer: 'https://another.example.com/idp' });
    expect((await assume(await respond())).text('Message')).toBe('Issuer not present in specified provider');
  });

  it('encrypts to the certificate of our metadata', async () => {
    const metadata = await (await fetch(`${bridge.url}/saml/samlp-encrypted/metadata`)).text();
    const [, base64 = ''] = /use="encryption">.*?<ds:X509Certificate>([^<]+)</s.exec(metadata) ?? [];
    const certificate = new X509Certificate(Buffer.from(base64, 'base64'));
    idp.configure({
      encryptionCert: certificate.toString(),
      encryptionPublicKey: certificate.publicKey.export({ format: 'pem', type: 'spki' }),
    });
    const response = await respond();
    expect(Buffer.from(response, 'base64').toString()).not.toContain('alice');
    expect((await assume(response)).text('Message')).toBe('Response signature invalid');
    const answer = await assume(response, 'samlp-encrypted');
    expect(answer.text('Subject'), answer.body).toBe('alice');
  });

  it('signs a browser in that we sent, and no other', async () => {
    const acs = `${bridge.url}/saml/samlp/acs`;
    idp.configure({ recipient: acs, destination: acs });
    const browser = createFormBrowser();
    const posting = await browser.visit(`${bridge.url}/saml/samlp/login`);
    expect(await createFormBrowser().submit(posting)).toMatchObject({ status: 403 });
    const page = await browser.submit(await browser.visit(`${bridge.url}/saml/samlp/login`));
    expect([page.status, page.url]).toEqual([200, `${bridge.url}/roles`]);
  });
});

function configuration(metadataUrl: string): object {
  return {
    masterKey: { file: 'master.key' },
    store: { sqlite: { path: 'state.db' } },
    outbound: { privateAddresses: 'allow', http: 'allow' },
    accounts: [{ id: ACCOUNT }],
    samlProviders: Object.entries(PROVIDERS).map(([name, settings]) => ({
      name,
      account: ACCOUNT,
      metadata: { url: metadataUrl },
      roleAttribute: 'optional',
      signIn: { displayName: 'samlp', mfa: 'never' },
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
              Principal: { Federated: Object.keys(PROVIDERS).map(provider) },
              Action: 'sts:AssumeRoleWithSAML',
              Condition: {
                StringEquals: {
                  'saml:aud': 'https://signin.aws.amazon.com/saml',
                  'saml:mail': 'alice@example.com',
                },
              },
            },
          ],
        },
      },
    ],
  };
}
