import type { ApplicationSite } from './application-site.ts';
import type { FormBrowser, Page } from './form-browser.ts';

/** Where an application sends browsers to sign out, with what it says; empty parameters are left out. */
export function logoutUrl(
  { publicUrl }: Pick<ApplicationSite, 'publicUrl'>,
  parameters: Readonly<Record<string, string>>,
): string {
  const present = Object.entries(parameters).filter(([, value]) => value !== '');
  const query = new URLSearchParams(present).toString();
  return `${publicUrl}/oidc/logout${query === '' ? '' : `?${query}`}`;
}

/** At the page that asks whether to sign out: says yes. */
export function confirmLogout(browser: FormBrowser, page: Page): Promise<Page> {
  return browser.submit(page, { logout: 'yes' }, '/oidc/logout');
}
