import { linkOn, type FormBrowser, type Page } from './form-browser.ts';
import { codeAt } from './people-world.ts';

/** At the choice of a first factor: enrols an authenticator app, saves the codes, and goes on. */
export async function enrolTotp(
  browser: FormBrowser,
  page: Page,
): Promise<{ readonly secret: string; readonly page: Page }> {
  const form = await browser.visit(linkOn(page, '/mfa/add/totp'));
  const [, secret = ''] = /secret=([A-Z2-7]{32})/.exec(form.html) ?? [];
  const codes = await browser.submit(form, { code: codeAt(secret), name: 'Phone' }, '/mfa/add/totp');
  return { secret, page: await browser.submit(codes, { saved: 'yes' }, '/mfa/recovery-codes/saved') };
}

/** At a challenge: gives the code of the app's next step, since the one of now may have been used to enrol it. */
export function proveTotp(browser: FormBrowser, page: Page, secret: string): Promise<Page> {
  return browser.submit(page, { code: codeAt(secret, 1) }, '/mfa/verify');
}
