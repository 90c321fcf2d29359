import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { Secret, TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import { parseEnv } from 'node:util';
import { displayNameOf } from './sign-in-site.ts';

const STEP_MS = 30_000;

/** At the sign-in page: goes to the provider by its button and comes back as a person. */
export async function signInBy(page: Page, provider: string, person = 'Alice Example'): Promise<void> {
  await page.getByRole('link', { name: `Continue with ${displayNameOf(provider)}` }).click();
  await page.getByRole('button', { name: person }).click();
}

/** At the sign-in page: finds the provider by an e-mail address. */
export async function signInByAddress(page: Page, provider: string, person = 'Alice Example'): Promise<void> {
  await page.getByLabel('Work e-mail address').fill(`somebody@${provider}.example`);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: person }).click();
}

/** What an authenticator app shows. A code works once: `stepsAhead: 1` is the next one, which is taken as well. */
export function codeOf(secret: string, { stepsAhead = 0 }: { readonly stepsAhead?: 0 | 1 } = {}): string {
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  return totp.generate({ timestamp: Date.now() + stepsAhead * STEP_MS });
}

/** At the page of a new app: adds it; the key that the page told. Ends at the recovery codes, where it is the first factor. */
export async function addApp(page: Page): Promise<string> {
  const secret = ((await page.locator('#secret').textContent()) ?? '').replaceAll(' ', '');
  await page.getByLabel('Enter the code that the app shows').fill(codeOf(secret));
  await page.getByRole('button', { name: 'Turn on' }).click();
  return secret;
}

/** At the recovery codes: says that they are saved; what they were. */
export async function saveCodes(page: Page): Promise<readonly string[]> {
  // Scripts post a passkey: the next page is not there at once.
  await page.getByRole('heading', { name: 'Save your recovery codes' }).waitFor();
  const codes = await page.locator('#codes code').allTextContents();
  await page.getByLabel('I have saved these codes').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  return codes;
}

/** At a challenge: gives a code. */
export async function confirmWith(page: Page, code: string): Promise<void> {
  await page.getByRole('textbox', { name: /code/i }).fill(code);
  await page.getByRole('button', { name: 'Confirm' }).click();
}

/** At a role's page. */
export async function getCredentials(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Get credentials' }).click();
}

/** The AWS SDK as the paste from the credentials page sets it up. */
export async function sdkFrom(page: Page): Promise<STSClient> {
  await page.getByRole('heading', { name: /^Credentials for / }).waitFor();
  const lines = await page.locator('#block-dotenv [data-line]').allTextContents();
  const env = parseEnv(lines.join('\n'));
  const value = (name: string): string => env[name] ?? '';
  return new STSClient({
    endpoint: value('AWS_ENDPOINT_URL_STS'),
    region: value('AWS_REGION'),
    maxAttempts: 1,
    credentials: {
      accessKeyId: value('AWS_ACCESS_KEY_ID'),
      secretAccessKey: value('AWS_SECRET_ACCESS_KEY'),
      sessionToken: value('AWS_SESSION_TOKEN'),
    },
  });
}

/** The ARN that credentials belong to, or the name of the refusal. */
export async function whoAmI(sts: STSClient): Promise<string> {
  return sts.send(new GetCallerIdentityCommand()).then(({ Arn = '' }) => Arn, nameOf);
}

/** The ARN of a role that was opened from these credentials, or the name of the refusal. */
export async function chainInto(sts: STSClient, RoleArn: string): Promise<string> {
  const request = new AssumeRoleCommand({ RoleArn, RoleSessionName: 'chained' });
  return sts.send(request).then(({ AssumedRoleUser }) => AssumedRoleUser?.Arn ?? '', nameOf);
}

function nameOf(error: unknown): string {
  if (error instanceof Error) return error.name;
  throw error;
}
